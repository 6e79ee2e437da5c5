import { InputError } from '@fsmr/core/errors';
import type { AggregateOptions, CountRecord } from './aggregate.js';
import { type BootstrapOptions, bootstrapInterval, type Interval } from './bootstrap.js';
import { standardDeviation } from './moments.js';
import type { Alternative } from './probability.js';
import { pairedTTest, type TTest } from './t-test.js';
import { byClass, byRater, knownMean, type UnitDice, unitDice } from './unit-dice.js';

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
  /** Dice_m^c by class, or Dice_m^(R_i) by rater with equal weights for classes; means over units. NaN where unknown. */
  readonly values: Readonly<Record<string, number>>;
  /** Dice_m: the mean over classes of Dice_m^c, each class with weight 1 whatever number of units shows it. */
  readonly mean: number;
  /**
   * Population standard deviation of the units' own Dice_m, each the mean over the classes that the unit shows. Their
   * plain mean is `mean` where all units show the same classes, and need not be elsewhere.
   */
  readonly std: number;
  /** Bootstrap interval of `mean`, its estimate: units are resampled and `mean` is taken anew. */
  readonly interval: Interval;
  /** What was resampled and paired: supports, or the scans where there is but one support. */
  readonly unit: 'support' | 'scan';
  /** How many units; with `skip`, of those with any defined Dice. With 0 every mean, `std` and the interval are NaN. */
  readonly units: number;
  /** The paired t-test against the run named in `against`, over the units that both share, of their own Dice_m. */
  readonly test: (TTest & { readonly against: string }) | null;
  /** Dice values that were 0/0, and triples of scan, rater and class without record, in all repeats. */
  readonly undefinedCount: number;
  readonly missingCount: number;
}

/**
 * The rows of a results table from the records of several runs.
 *
 * Where a run has several supports, its unit of observation is the support, as published; with a single support it is
 * the scan. Repeats are averaged unit by unit before anything else, so that more seeds do not pretend to be more cases,
 * and units that a repeat lacks enter no number but the counts.
 * @throws InputError where a run has no record, its repeats share no unit, or it is tested against an unknown run, one
 *   that shares no unit with it or none that is defined in both, or one whose units are others: supports and scans have
 *   the same names. Also for options of `bootstrap` out of range, and an `alternative` that is none where a run is tested.
 */
export function resultRows(runs: readonly Run[], options: ResultOptions = {}): ResultRow[] {
  const { by = 'class', alternative = 'greater', bootstrap } = options;
  const digests = runs.map((run) => unitDice(run, options));
  return runs.map((run, i) => {
    const own = digests[i]!;
    const { unit, summaries } = own;
    const other = run.against === undefined ? undefined : digests[runs.findIndex(({ name }) => name === run.against)];
    if (run.against !== undefined && other === undefined) {
      throw new InputError(`run ${run.name} is tested against ${run.against}, which is not among the runs.`);
    }
    if (other !== undefined && other.unit !== unit) {
      throw new InputError(`run ${run.name} has a value a ${unit}, ${run.against} one a ${other.unit}.`, {
        remedy: 'Evaluate both with several supports, or both with the same one.',
      });
    }
    const rows = [...own.cells.values()];
    const interval = meanInterval(own, rows, bootstrap);
    const [names, values] = by === 'class' ? [own.classes, byClass(own, rows)] : [own.raters, byRater(own, rows)];
    return {
      name: run.name,
      values: Object.fromEntries(names.map((name, k) => [name, values[k] ?? Number.NaN])),
      mean: interval.estimate,
      std: standardDeviation(rows.map((row) => ownDice(own, row))),
      interval,
      unit,
      units: rows.length,
      test: other === undefined ? null : { against: run.against!, ...testPairs(run, own, other, alternative) },
      undefinedCount: summaries.reduce((sum, summary) => sum + summary.undefinedCount, 0),
      missingCount: summaries.reduce((sum, summary) => sum + summary.missingCount, 0),
    };
  });
}

type Row = readonly (number | null)[];

function meanInterval(digest: UnitDice, rows: readonly Row[], bootstrap?: BootstrapOptions): Interval {
  const unknown = Number.NaN;
  if (rows.length === 0) return { estimate: unknown, low: unknown, high: unknown, level: bootstrap?.level ?? 0.95 };
  return bootstrapInterval(rows, (drawn) => knownMean(byClass(digest, drawn)) ?? unknown, bootstrap);
}

/** The mean over the classes that a unit shows of the mean over raters. */
function ownDice(digest: UnitDice, row: Row): number {
  return knownMean(byClass(digest, [row]))!;
}

function testPairs(run: Run, own: UnitDice, other: UnitDice, alternative: Alternative): TTest {
  const pairs = [...own.cells].filter(([name]) => other.cells.has(name));
  if (pairs.length === 0) {
    const known = new Set(other.names);
    const shared = own.names.filter((name) => known.has(name)).length;
    const runs = `runs ${run.name} and ${run.against} share`;
    if (shared === 0) {
      throw new InputError(`${runs} no ${own.unit}, so there is nothing to pair.`, {
        remedy: `Evaluate both with the same ${own.unit}s.`,
      });
    }
    throw new InputError(`${runs} ${shared} ${own.unit}s, but none whose Dice is defined in both.`, {
      remedy: 'Test neither against the other: where nothing is defined there is nothing to compare.',
    });
  }
  return pairedTTest(
    pairs.map(([, row]) => ownDice(own, row)),
    pairs.map(([name]) => ownDice(other, other.cells.get(name)!)),
    alternative,
  );
}
