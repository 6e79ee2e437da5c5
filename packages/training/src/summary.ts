import { InputError } from '@fsmr/core';
import {
  type AggregateOptions,
  aggregateDice,
  bootstrapInterval,
  type CountRecord,
  type Interval,
  mean,
  pairedTTest,
  type TTest,
} from '@fsmr/metrics';
import type { EpisodeRecords } from './evaluate.js';

/** Dice of one class taught by one support scan. */
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
  /** Bootstrap interval of `dice` over support scans, each with all its classes. */
  readonly interval: Interval;
  /** Query scans and raters for which nothing was predicted and nothing is true; with `skip` they enter no mean. */
  readonly undefinedCount: number;
}

/** Whether one arm beats another: a one-tailed paired t-test over support scans, first greater than second. */
export interface ArmComparison {
  readonly first: string;
  readonly second: string;
  readonly test: TTest;
}

/** How episodes are summarised. */
export interface SummaryOptions extends AggregateOptions {
  /** The raters in the order of the result, as a data set has them; others, and all unless given, as they appear. */
  readonly raters?: readonly string[] | undefined;
}

/**
 * Summarises evaluated episodes arm by arm: Dice over query scans, then over raters, for each support; then over
 * supports of a class, then over classes (evaluation sections 9.5 and 9.7).
 *
 * @param options `nan` is `skip` unless given: Dice that is 0/0 enters no mean. With `propagate` it makes every mean above
 * it NaN, as published.
 * @throws InputError where there is nothing to summarise.
 */
export function summarise(
  episodes: Iterable<EpisodeRecords>,
  { nan = 'skip', raters = [] }: SummaryOptions = {},
): ArmSummary[] {
  const byArm = new Map<string, CountRecord[]>();
  for (const { arm, records } of episodes) {
    const known = byArm.get(arm);
    if (known === undefined) byArm.set(arm, [...records]);
    else known.push(...records);
  }
  if (byArm.size === 0) throw new InputError('no episode has been evaluated.');
  return [...byArm].map(([arm, records]) => summariseArm(arm, records, nan, raters));
}

type UndefinedDice = NonNullable<AggregateOptions['nan']>;

function summariseArm(
  arm: string,
  records: readonly CountRecord[],
  nan: UndefinedDice,
  inOrder: readonly string[],
): ArmSummary {
  const groups = new Map<string, CountRecord[]>();
  for (const record of records) {
    const key = JSON.stringify([record.class, record.support]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [record]);
    else group.push(record);
  }
  let undefinedCount = 0;
  const supports = [...groups.values()].map((group): SupportDice => {
    const summary = aggregateDice(group, { nan });
    undefinedCount += summary.undefinedCount;
    return {
      support: group[0]!.support ?? '',
      class: group[0]!.class,
      dice: summary.diceMean,
      byRater: Object.fromEntries(summary.raters.map((rater, index) => [rater, summary.diceByRater[index]!])),
    };
  });
  const present = new Set(records.map(({ rater }) => rater));
  // A rater may be missing from the first scan, and comes in the data set's order all the same.
  const raters = [...new Set([...inOrder.filter((rater) => present.has(rater)), ...present])];
  const classes = [...new Set(supports.map((support) => support.class))];
  return {
    arm,
    supports,
    byClass: Object.fromEntries(classes.map((name) => [name, classMean(supports, [name], nan, ({ dice }) => dice)])),
    byRater: Object.fromEntries(
      raters.map((rater) => [rater, classMean(supports, classes, nan, ({ byRater }) => byRater[rater])]),
    ),
    dice: classMean(supports, classes, nan, ({ dice }) => dice),
    interval: bootstrapInterval(
      [...byScan(supports).values()],
      (drawn) => classMean(drawn.flat(), classes, nan, ({ dice }) => dice),
      {
        method: 'percentile',
      },
    ),
    undefinedCount,
  };
}

/** Mean over classes of the mean over their supports; classes and supports without a value enter no mean. */
function classMean(
  supports: readonly SupportDice[],
  classes: readonly string[],
  nan: UndefinedDice,
  value: (support: SupportDice) => number | undefined,
): number {
  const means = classes.flatMap((name) => {
    const values = supports
      .filter((support) => support.class === name)
      .map(value)
      .filter((one): one is number => one !== undefined && !(nan === 'skip' && Number.isNaN(one)));
    return values.length === 0 ? [] : [mean(values)];
  });
  return means.length === 0 ? Number.NaN : mean(means);
}

/** What each support scan taught: the unit of observation of the paper's test, whatever number of classes it shows. */
function byScan(supports: readonly SupportDice[]): Map<string, SupportDice[]> {
  const scans = new Map<string, SupportDice[]>();
  for (const support of supports) {
    const known = scans.get(support.support);
    if (known === undefined) scans.set(support.support, [support]);
    else known.push(support);
  }
  return scans;
}

/**
 * Dice of the support scans that both arms have, each the mean over those of its classes that are defined for both: what
 * a paired test is made of (evaluation section 9.8).
 *
 * @param options `nan` is `skip` unless given; with `propagate`, a class that is undefined makes its support NaN.
 */
export function pairedSupports(
  first: ArmSummary,
  second: ArmSummary,
  { nan = 'skip' }: AggregateOptions = {},
): (readonly [first: number, second: number])[] {
  const others = byScan(second.supports);
  return [...byScan(first.supports)].flatMap(([scan, classes]) => {
    const pairs = classes.flatMap((own) => {
      const other = others.get(scan)?.find((one) => one.class === own.class);
      const isLeftOut = other === undefined || (nan === 'skip' && Number.isNaN(other.dice + own.dice));
      return isLeftOut ? [] : [[own.dice, other.dice] as const];
    });
    return pairs.length === 0
      ? []
      : [[mean(pairs.map(([own]) => own)), mean(pairs.map(([, other]) => other))] as const];
  });
}

/**
 * Compares two arms over the supports both have.
 *
 * @param options as of {@link pairedSupports}
 * @throws InputError where they share fewer than two.
 */
export function compareArms(first: ArmSummary, second: ArmSummary, options?: AggregateOptions): ArmComparison {
  const pairs = pairedSupports(first, second, options);
  if (pairs.length < 2)
    throw new InputError(`arms ${first.arm} and ${second.arm} share ${pairs.length} supports; two are needed.`);
  const test = pairedTTest(
    pairs.map(([own]) => own),
    pairs.map(([, other]) => other),
  );
  return { first: first.arm, second: second.arm, test };
}
