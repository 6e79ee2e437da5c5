import { bootstrapInterval, type CountRecord, type Interval, mean, standardDeviation } from '@fsmr/metrics';
import { type ArmSummary, summarise } from '@fsmr/training';
import type { RunConfig } from '../config/schema.js';
import type { Experiment } from './experiments.js';

/** How undefined Dice enters means. */
type UndefinedDice = RunConfig['evaluation']['nan'];

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
  /** Dice values that are not defined and enter no mean, in all repeats. */
  readonly undefinedCount: number;
  /** What was resampled: support scans. */
  readonly cases: readonly Case[];
}

/** One support scan, the unit of observation, and what it taught in each repeat that used it. */
export interface Case {
  readonly key: string;
  /** Dice by name of the repeat, then by class. */
  readonly dice: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** The scores of every arm of an experiment, arms in the order of their first appearance. */
export function scoresOf(experiment: Experiment): Scores[] {
  const arms = [...new Set(experiment.repeats.flatMap(({ records }) => [...records.keys()]))];
  return arms.map((arm) => scoreArm(experiment, arm));
}

function scoreArm(experiment: Experiment, arm: string): Scores {
  const { raters, config } = experiment.runs[0]!;
  const { nan } = config.evaluation;
  const repeats = experiment.repeats.flatMap(({ name, records }) => {
    const found: readonly CountRecord[] | undefined = records.get(arm);
    return found === undefined ? [] : [{ name, summary: summarise([{ arm, records: found }], { nan, raters })[0]! }];
  });
  const cases = casesOf(experiment, repeats, nan);
  return {
    experiment,
    arm,
    repeats,
    byClass: meanOfRecords(
      repeats.map(({ summary }) => summary.byClass),
      nan,
    ),
    byRater: meanOfRecords(
      repeats.map(({ summary }) => summary.byRater),
      nan,
    ),
    dice: mean(repeats.map(({ summary }) => summary.dice)),
    interval: bootstrapInterval(cases, meanOfCases, { method: 'percentile' }),
    spread:
      repeats.length < 2
        ? Number.NaN
        : standardDeviation(
            repeats.map(({ summary }) => summary.dice),
            1,
          ),
    undefinedCount: repeats.reduce((sum, { summary }) => sum + summary.undefinedCount, 0),
    cases,
  };
}

/** Supports of several repeats; one whose image is the same in each of them is one case. */
function casesOf(
  { seededData, repeats: all }: Experiment,
  repeats: readonly RepeatScores[],
  nan: UndefinedDice,
): Case[] {
  const seeds = new Map(all.map(({ name, seed }) => [name, seed]));
  const cases = new Map<string, { readonly key: string; readonly dice: Map<string, Map<string, number>> }>();
  for (const { name, summary } of repeats) {
    for (const { support, class: own, dice } of summary.supports) {
      if (nan === 'skip' && Number.isNaN(dice)) continue;
      const key = JSON.stringify([seededData ? seeds.get(name)! : '', support]);
      const known = cases.get(key) ?? { key, dice: new Map<string, Map<string, number>>() };
      known.dice.set(name, (known.dice.get(name) ?? new Map<string, number>()).set(own, dice));
      cases.set(key, known);
    }
  }
  return [...cases.values()];
}

/** As the table: mean over supports of a class, then over classes, then over repeats. */
export function meanOfCases(cases: readonly Case[]): number {
  const values = new Map<string, Map<string, number[]>>();
  for (const one of cases) {
    for (const [repeat, classes] of one.dice) {
      const byClass = values.get(repeat) ?? new Map<string, number[]>();
      for (const [name, dice] of classes) byClass.set(name, [...(byClass.get(name) ?? []), dice]);
      values.set(repeat, byClass);
    }
  }
  return mean([...values.values()].map((byClass) => mean([...byClass.values()].map(mean))));
}

/** Means key by key; a key that some records lack is averaged over the others. */
function meanOfRecords(
  records: readonly Readonly<Record<string, number>>[],
  nan: UndefinedDice,
): Record<string, number> {
  const keys = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return Object.fromEntries(
    keys.map((key) => [
      key,
      mean(
        records
          .map((record) => record[key])
          .filter((value) => value !== undefined && !(nan === 'skip' && Number.isNaN(value))) as number[],
      ),
    ]),
  );
}
