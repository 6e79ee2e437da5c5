import { InputError } from '@fsmr/core/errors';
import { type AggregateOptions, aggregateBySupport, type CountRecord, type DiceSummary } from './aggregate.js';
import { type BootstrapOptions, bootstrapInterval, type Interval } from './bootstrap.js';
import { mean, standardDeviation } from './moments.js';
import type { Alternative } from './probability.js';
import { pairBySupport } from './published.js';
import { pairedTTest, type TTest } from './t-test.js';

/** What one row of a table is made of. */
export interface Run {
  /** The method's name. */
  readonly name: string;
  /** One list of records a repeat (a training seed); with one training, a list of one list. */
  readonly repeats: readonly (readonly CountRecord[])[];
  /** The name of the run that this one is tested against. */
  readonly against?: string;
}

/** How {@link resultRows} sums up. */
export interface ResultOptions extends AggregateOptions {
  /** What the columns are, `class` if not given. */
  readonly by?: 'class' | 'rater';
  /** The side of the paired t-test, `greater` if not given: is the row better than the one it is tested against? */
  readonly alternative?: Alternative;
  /** How the intervals are drawn; BCa at 95 percent if not given. */
  readonly bootstrap?: BootstrapOptions;
}

/** One method's numbers; fractions, not percent. */
export interface ResultRow {
  readonly name: string;
  /** Dice_m^c by class or Dice_m^(R_i) by rater, mean over supports and repeats. */
  readonly values: Readonly<Record<string, number>>;
  /** Dice_m, mean over supports and repeats. */
  readonly mean: number;
  /** Population standard deviation of Dice_m over the units; with `skip`, over those that are defined, as all below. */
  readonly std: number;
  /** Bootstrap interval of the mean of the units. */
  readonly interval: Interval;
  /** What was resampled and paired: supports, or the scans where there is but one support. */
  readonly unit: 'support' | 'scan';
  /** How many units. */
  readonly units: number;
  /** The paired t-test against the run named in `against`, over the units that both share. */
  readonly test: (TTest & { readonly against: string }) | null;
  /** Dice values that were 0/0, and triples of scan, rater and class without record, in all repeats. */
  readonly undefinedCount: number;
  readonly missingCount: number;
}

/**
 * The rows of a results table from the records of several runs.
 *
 * Where a run has several supports, its unit of observation is the support with its Dice_m, as published; with a single
 * support it is the scan with the mean over classes of the mean over raters of its Dice. Repeats are averaged unit by
 * unit before anything else, so that more seeds do not pretend to be more cases.
 * @throws InputError where a run has no record, is tested against an unknown run, one that shares no unit, or one whose
 *   units are others: supports and scans have the same names.
 */
export function resultRows(runs: readonly Run[], options: ResultOptions = {}): ResultRow[] {
  const { by = 'class', alternative = 'greater', bootstrap } = options;
  const digests = runs.map((run) => digestRun(run, options));
  return runs.map((run, i) => {
    const { summaries, unit, units } = digests[i]!;
    const other = run.against === undefined ? undefined : digests[runs.findIndex(({ name }) => name === run.against)];
    if (run.against !== undefined && other === undefined) {
      throw new InputError(`run ${run.name} is tested against ${run.against}, which is not among the runs.`);
    }
    if (other !== undefined && other.unit !== unit) {
      throw new InputError(`run ${run.name} has a value a ${unit}, ${run.against} one a ${other.unit}.`, {
        remedy: 'Evaluate both with several supports, or both with the same one.',
      });
    }
    const pairs = other === undefined ? undefined : pairBySupport(units, other.units);
    return {
      name: run.name,
      values: columnMeans(summaries, by, options),
      mean: mean(
        usable(
          summaries.map((summary) => summary.diceMean),
          options,
        ),
      ),
      std: standardDeviation([...units.values()]),
      interval: bootstrapInterval([...units.values()], mean, bootstrap),
      unit,
      units: units.size,
      test:
        pairs === undefined ? null : { against: run.against!, ...pairedTTest(pairs.first, pairs.second, alternative) },
      undefinedCount: summaries.reduce((sum, summary) => sum + summary.undefinedCount, 0),
      missingCount: summaries.reduce((sum, summary) => sum + summary.missingCount, 0),
    };
  });
}

interface Digest {
  /** One summary for each repeat and support. */
  readonly summaries: readonly DiceSummary[];
  readonly unit: 'support' | 'scan';
  /** Dice of each unit, mean over repeats; only units that every repeat has. */
  readonly units: ReadonlyMap<string, number>;
}

function digestRun(run: Run, options: ResultOptions): Digest {
  const repeats = run.repeats.map((records) => aggregateBySupport(records, options));
  if (repeats.length === 0 || repeats.some((repeat) => repeat.size === 0)) {
    throw new InputError(`run ${run.name} has no record.`);
  }
  const unit = repeats.some((repeat) => repeat.size > 1) ? 'support' : 'scan';
  const perRepeat = repeats.map((repeat) =>
    unit === 'support'
      ? new Map([...repeat].map(([support, summary]) => [support, summary.diceMean]))
      : scanDice([...repeat.values()][0]!, options),
  );
  const shared = [...perRepeat[0]!.keys()].filter((key) => perRepeat.every((values) => values.has(key)));
  return {
    summaries: repeats.flatMap((repeat) => [...repeat.values()]),
    unit,
    units: new Map(
      shared.flatMap((key) => {
        const values = usable(
          perRepeat.map((known) => known.get(key)!),
          options,
        );
        return values.length === 0 ? [] : [[key, mean(values)] as const];
      }),
    ),
  };
}

/** The values that enter a mean: all, or with `skip` those that are defined. */
function usable(values: readonly number[], { nan }: ResultOptions): readonly number[] {
  return nan === 'skip' ? values.filter((value) => !Number.isNaN(value)) : values;
}

/** For each scan the mean over classes of the mean over raters. */
function scanDice({ scans, classes, dice }: DiceSummary, options: ResultOptions): Map<string, number> {
  const average = (values: readonly (number | null)[]): number | null => {
    const known = usable(
      values.filter((value) => value !== null),
      options,
    );
    return known.length === 0 ? null : mean(known);
  };
  const values = scans.map((_, s) => average(classes.map((__, c) => average(dice[s]!.map((byClass) => byClass[c]!)))));
  return new Map(scans.flatMap((scan, s) => (values[s] === null ? [] : [[scan, values[s]!] as const])));
}

function columnMeans(
  summaries: readonly DiceSummary[],
  by: 'class' | 'rater',
  options: ResultOptions,
): Record<string, number> {
  const found = new Map<string, number[]>();
  for (const summary of summaries) {
    const names = by === 'class' ? summary.classes : summary.raters;
    const values = by === 'class' ? summary.diceByClass : summary.diceByRater;
    names.forEach((name, i) => {
      const list = found.get(name) ?? [];
      found.set(name, [...list, values[i]!]);
    });
  }
  return Object.fromEntries([...found].map(([name, values]) => [name, mean(usable(values, options))]));
}
