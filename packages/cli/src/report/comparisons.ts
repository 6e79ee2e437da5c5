import { holm, mean, pairedTTest, type TTest, type Wilcoxon, wilcoxonSignedRank } from '@fsmr/metrics';
import { type Case, meanOfCases, type Scores } from './scores.js';

/** Whether one row beats another. */
export interface Comparison {
  readonly first: Scores;
  readonly second: Scores;
  /** The difference of Dice_m over the cases and repeats both have. */
  readonly gain: number;
  /** One-tailed, paired over cases, whose differences are averaged over repeats. Absent below two pairs. */
  readonly test: TTest | undefined;
  /** Wilcoxon's one-tailed test of the same pairs, which does not take their differences for normal. */
  readonly ranked: Wilcoxon | undefined;
  /** The same t-test with every repeat of a case as a pair of its own; absent where no case was repeated. */
  readonly pooled: TTest | undefined;
  /** The p-value of `test` adjusted for all comparisons of its family. */
  readonly adjusted: number;
}

/**
 * Compares rows in pairs, as one family.
 *
 * A pair is one support scan: the difference of both rows under the same seed, averaged over the classes it shows, then
 * over the seeds that both used it with. More seeds so make a case surer and not the sample larger. Where another seed
 * draws other images (the phantom), each is a case of its own. Holm's correction counts all comparisons given here.
 */
export function compareFamily(pairs: readonly (readonly [first: Scores, second: Scores])[]): Comparison[] {
  const found = pairs.map(([first, second]) => {
    const shared = sharedCases(first, second);
    const differences = shared.map(([own, other]) =>
      [...own.dice].map(
        ([repeat, classes]) => mean([...classes.values()]) - mean([...other.dice.get(repeat)!.values()]),
      ),
    );
    const [paired, pooled] = [differences.map(mean), differences.flat()];
    return {
      first,
      second,
      gain: meanOfCases(shared.map(([own]) => own)) - meanOfCases(shared.map(([, other]) => other)),
      test: tested(pairedTTest, paired),
      ranked: tested(wilcoxonSignedRank, paired),
      pooled: pooled.length > paired.length ? tested(pairedTTest, pooled) : undefined,
    };
  });
  const adjusted = holm(found.map(({ test }) => test?.p ?? Number.NaN));
  return found.map((comparison, index) => ({ ...comparison, adjusted: adjusted[index]! }));
}

/** What both rows have of the cases that both have. */
function sharedCases(first: Scores, second: Scores): [first: Case, second: Case][] {
  const others = new Map(second.cases.map((one) => [one.key, one]));
  return first.cases.flatMap((own): [Case, Case][] => {
    const other = others.get(own.key);
    if (other === undefined) return [];
    const [mine, its] = [within(own, other), within(other, own)];
    return mine.dice.size === 0 ? [] : [[mine, its]];
  });
}

/** What a case gave for the repeats and classes that another has too. */
function within(one: Case, other: Case): Case {
  const dice = [...one.dice].flatMap(([repeat, classes]) => {
    const both = [...classes].filter(([name]) => other.dice.get(repeat)?.has(name));
    return both.length === 0 ? [] : [[repeat, new Map(both)] as const];
  });
  return { ...one, dice: new Map(dice) };
}

/** What a paired test says of differences; nothing below two. */
function tested<Result>(
  test: (first: readonly number[], second: readonly number[]) => Result,
  differences: readonly number[],
): Result | undefined {
  return differences.length < 2 ? undefined : test(differences, new Array<number>(differences.length).fill(0));
}
