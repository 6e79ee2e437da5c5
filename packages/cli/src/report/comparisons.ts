import { holm, mean, pairedTTest, type TTest } from '@fsmr/metrics';
import type { Scores } from './scores.js';

/** Whether one row beats another. */
export interface Comparison {
  readonly first: Scores;
  readonly second: Scores;
  /** The difference of Dice_m, mean over the repeats both have. */
  readonly gain: number;
  /** One-tailed, paired over cases, whose differences are averaged over repeats. Absent below two pairs. */
  readonly test: TTest | undefined;
  /** The same test with every repeat of a case as a pair of its own; absent where no case was repeated. */
  readonly pooled: TTest | undefined;
  /** The p-value of `test` adjusted for all comparisons of its family. */
  readonly adjusted: number;
}

/**
 * Compares rows in pairs, as one family.
 *
 * A pair is one class of one support scan: the difference of both rows under the same seed, averaged over the seeds that
 * both used it with. More seeds so make a case surer and not the sample larger. Where another seed draws other images
 * (the phantom), each is a case of its own. Holm's correction counts all comparisons given here.
 */
export function compareFamily(pairs: readonly (readonly [first: Scores, second: Scores])[]): Comparison[] {
  const found = pairs.map(([first, second]) => {
    const differences = pairedDifferences(first, second);
    const pooled = differences.flat();
    return {
      first,
      second,
      gain: gainOf(first, second),
      test: testOf(differences.map(mean)),
      pooled: pooled.length > differences.length ? testOf(pooled) : undefined,
    };
  });
  const adjusted = holm(found.map(({ test }) => test?.p ?? Number.NaN));
  return found.map((comparison, index) => ({ ...comparison, adjusted: adjusted[index]! }));
}

function gainOf(first: Scores, second: Scores): number {
  const others = new Map(second.repeats.map(({ name, summary }) => [name, summary.dice]));
  const shared = first.repeats.filter(({ name }) => others.has(name));
  return mean(shared.map(({ name, summary }) => summary.dice - others.get(name)!));
}

/** For each case that both rows have: the differences of its repeats. */
function pairedDifferences(first: Scores, second: Scores): number[][] {
  const others = new Map(second.cases.map(({ key, dice }) => [key, dice]));
  return first.cases.flatMap(({ key, dice }) => {
    const other = others.get(key);
    const shared = [...dice].flatMap(([repeat, value]) => {
      const against = other?.get(repeat);
      return against === undefined ? [] : [value - against];
    });
    return shared.length === 0 ? [] : [shared];
  });
}

function testOf(differences: readonly number[]): TTest | undefined {
  if (differences.length < 2) return undefined;
  return pairedTTest(differences, new Array<number>(differences.length).fill(0));
}
