import { bootstrapInterval, type CountRecord, type Interval, mean, standardDeviation } from '@fsmr/metrics';
import { type ArmSummary, type SupportDice, summarise } from '@fsmr/training';
import type { Experiment } from './experiments.js';

/** Dice of one arm in one repeat. */
interface RepeatScores {
  /** The repeat's name. */
  readonly name: string;
  readonly summary: ArmSummary;
}

/** One arm of one experiment: a row of a table. All Dice values are fractions. */
export interface Scores {
  readonly experiment: Experiment;
  readonly arm: string;
  readonly repeats: readonly RepeatScores[];
  /** Means over repeats. */
  readonly byClass: Readonly<Record<string, number>>;
  readonly byRater: Readonly<Record<string, number>>;
  readonly dice: number;
  /** Bootstrap over cases of `dice`; a case keeps the values of all its repeats. */
  readonly interval: Interval;
  /** Sample standard deviation of `dice` over repeats; NaN for one. */
  readonly spread: number;
  /** What was resampled: classes of support scans. */
  readonly cases: readonly Case[];
}

/** One class of one support scan, the unit of observation, and what it gave in each repeat that used it. */
export interface Case {
  readonly key: string;
  readonly class: string;
  /** Dice by name of the repeat. */
  readonly dice: ReadonlyMap<string, number>;
}

/** The scores of every arm of an experiment, arms in the order of their first appearance. */
export function scoresOf(experiment: Experiment): Scores[] {
  const arms = [...new Set(experiment.repeats.flatMap(({ records }) => [...records.keys()]))];
  return arms.map((arm) => scoreArm(experiment, arm));
}

function scoreArm(experiment: Experiment, arm: string): Scores {
  const repeats = experiment.repeats.flatMap(({ name, records }) => {
    const found: readonly CountRecord[] | undefined = records.get(arm);
    return found === undefined ? [] : [{ name, summary: summarise([{ arm, records: found }])[0]! }];
  });
  const cases = casesOf(experiment, repeats);
  return {
    experiment,
    arm,
    repeats,
    byClass: meanOfRecords(repeats.map(({ summary }) => summary.byClass)),
    byRater: meanOfRecords(repeats.map(({ summary }) => summary.byRater)),
    dice: mean(repeats.map(({ summary }) => summary.dice)),
    interval: bootstrapInterval(cases, meanOfCases, { method: 'percentile' }),
    spread:
      repeats.length < 2
        ? Number.NaN
        : standardDeviation(
            repeats.map(({ summary }) => summary.dice),
            1,
          ),
    cases,
  };
}

/** Supports of several repeats; one whose image is the same in each of them is one case. */
function casesOf({ seededData, repeats: all }: Experiment, repeats: readonly RepeatScores[]): Case[] {
  const seeds = new Map(all.map(({ name, seed }) => [name, seed]));
  const cases = new Map<string, { readonly key: string; readonly class: string; readonly dice: Map<string, number> }>();
  for (const { name, summary } of repeats) {
    for (const support of summary.supports) {
      if (Number.isNaN(support.dice)) continue;
      const key = caseKey(support, seededData ? seeds.get(name)! : '');
      const known = cases.get(key) ?? { key, class: support.class, dice: new Map<string, number>() };
      known.dice.set(name, support.dice);
      cases.set(key, known);
    }
  }
  return [...cases.values()];
}

function caseKey({ class: name, support }: SupportDice, data: string): string {
  return JSON.stringify([data, name, support]);
}

/** As the table: mean over supports of a class, then over classes, then over repeats. */
export function meanOfCases(cases: readonly Case[]): number {
  const sums = new Map<string, Map<string, { sum: number; count: number }>>();
  for (const one of cases) {
    for (const [repeat, dice] of one.dice) {
      const byClass = sums.get(repeat) ?? new Map<string, { sum: number; count: number }>();
      const known = byClass.get(one.class) ?? { sum: 0, count: 0 };
      byClass.set(one.class, { sum: known.sum + dice, count: known.count + 1 });
      sums.set(repeat, byClass);
    }
  }
  return mean([...sums.values()].map((byClass) => mean([...byClass.values()].map(({ sum, count }) => sum / count))));
}

/** Means key by key; a key that some records lack is averaged over the others. */
function meanOfRecords(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const keys = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return Object.fromEntries(
    keys.map((key) => [
      key,
      mean(
        records.map((record) => record[key]).filter((value) => value !== undefined && !Number.isNaN(value)) as number[],
      ),
    ]),
  );
}
