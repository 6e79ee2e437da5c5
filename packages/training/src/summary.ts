import { InputError } from '@fsmr/core';
import {
  aggregateDice,
  bootstrapInterval,
  type CountRecord,
  type Interval,
  mean,
  pairedTTest,
  type TTest,
} from '@fsmr/metrics';
import type { EpisodeRecords } from './evaluate.js';

/** Dice of one support image of one class: the unit of observation of the paper's test. */
export interface SupportDice {
  readonly support: string;
  readonly class: string;
  /** Mean over raters and query scans. */
  readonly dice: number;
  /** Mean over query scans, by rater. */
  readonly byRater: Readonly<Record<string, number>>;
}

/** How one arm did; all Dice values are fractions. */
export interface ArmSummary {
  readonly arm: string;
  readonly supports: readonly SupportDice[];
  /** Mean over supports, by class. */
  readonly byClass: Readonly<Record<string, number>>;
  /** Mean over classes of the mean over supports, by rater. */
  readonly byRater: Readonly<Record<string, number>>;
  /** Mean over classes with equal weights: the paper's Dice_m. */
  readonly dice: number;
  /** Bootstrap interval over supports of `dice`. */
  readonly interval: Interval;
  /** Query scans and raters for which nothing was predicted and nothing is true; they enter no mean. */
  readonly undefinedCount: number;
}

/** Whether one arm beats another: a one-tailed paired t-test over supports, first greater than second. */
export interface ArmComparison {
  readonly first: string;
  readonly second: string;
  readonly test: TTest;
}

/**
 * Summarises evaluated episodes arm by arm: Dice over query scans, then over raters, for each support; then over
 * supports of a class, then over classes (evaluation sections 9.5 and 9.7).
 *
 * @throws InputError where there is nothing to summarise.
 */
export function summarise(episodes: Iterable<EpisodeRecords>): ArmSummary[] {
  const byArm = new Map<string, CountRecord[]>();
  for (const { arm, records } of episodes) {
    const known = byArm.get(arm);
    if (known === undefined) byArm.set(arm, [...records]);
    else known.push(...records);
  }
  if (byArm.size === 0) throw new InputError('no episode has been evaluated.');
  return [...byArm].map(([arm, records]) => summariseArm(arm, records));
}

function summariseArm(arm: string, records: readonly CountRecord[]): ArmSummary {
  const groups = new Map<string, CountRecord[]>();
  for (const record of records) {
    const key = JSON.stringify([record.class, record.support]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [record]);
    else group.push(record);
  }
  let undefinedCount = 0;
  const supports = [...groups.values()].map((group): SupportDice => {
    const summary = aggregateDice(group, { nan: 'skip' });
    undefinedCount += summary.undefinedCount;
    return {
      support: group[0]!.support ?? '',
      class: group[0]!.class,
      dice: summary.diceMean,
      byRater: Object.fromEntries(summary.raters.map((rater, index) => [rater, summary.diceByRater[index]!])),
    };
  });
  const raters = [...new Set(records.map(({ rater }) => rater))];
  const classes = [...new Set(supports.map((support) => support.class))];
  return {
    arm,
    supports,
    byClass: Object.fromEntries(classes.map((name) => [name, classMean(supports, [name], ({ dice }) => dice)])),
    byRater: Object.fromEntries(
      raters.map((rater) => [rater, classMean(supports, classes, ({ byRater }) => byRater[rater])]),
    ),
    dice: classMean(supports, classes, ({ dice }) => dice),
    interval: bootstrapInterval(supports, (drawn) => classMean(drawn, classes, ({ dice }) => dice), {
      method: 'percentile',
    }),
    undefinedCount,
  };
}

/** Mean over classes of the mean over their supports; classes and supports without a value enter no mean. */
function classMean(
  supports: readonly SupportDice[],
  classes: readonly string[],
  value: (support: SupportDice) => number | undefined,
): number {
  const means = classes.flatMap((name) => {
    const values = supports
      .filter((support) => support.class === name)
      .map(value)
      .filter((one): one is number => one !== undefined && !Number.isNaN(one));
    return values.length === 0 ? [] : [mean(values)];
  });
  return means.length === 0 ? Number.NaN : mean(means);
}

/** Dice of the supports that both arms have and that are defined for both: what a paired test is made of. */
export function pairedSupports(first: ArmSummary, second: ArmSummary): (readonly [first: number, second: number])[] {
  const key = (support: SupportDice): string => JSON.stringify([support.class, support.support]);
  const others = new Map(second.supports.map((support) => [key(support), support.dice]));
  return first.supports.flatMap((support) => {
    const other = others.get(key(support));
    return other === undefined || Number.isNaN(other) || Number.isNaN(support.dice)
      ? []
      : [[support.dice, other] as const];
  });
}

/** Compares two arms over the supports both have. @throws InputError where they share fewer than two. */
export function compareArms(first: ArmSummary, second: ArmSummary): ArmComparison {
  const pairs = pairedSupports(first, second);
  if (pairs.length < 2)
    throw new InputError(`arms ${first.arm} and ${second.arm} share ${pairs.length} supports; two are needed.`);
  const test = pairedTTest(
    pairs.map(([own]) => own),
    pairs.map(([, other]) => other),
  );
  return { first: first.arm, second: second.arm, test };
}
