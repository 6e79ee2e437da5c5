import { InputError } from '@fsmr/core/errors';
import { type AggregateOptions, aggregateBySupport, type CountRecord, type DiceSummary } from './aggregate.js';

/** A number, or null where nothing is known that enters a mean. */
type Known = number | null;

/** Dice of a run by unit of observation: what is resampled and paired. */
export interface UnitDice {
  /** The support where there are several, else the scan. */
  readonly unit: 'support' | 'scan';
  /** The units that every repeat has. */
  readonly names: readonly string[];
  readonly classes: readonly string[];
  readonly raters: readonly string[];
  /** Of each unit with any defined Dice its mean over repeats, class by class, in each of them rater by rater. */
  readonly cells: ReadonlyMap<string, readonly Known[]>;
  /** All summaries there were, one a repeat and support. */
  readonly summaries: readonly DiceSummary[];
}

/**
 * Sorts the records of a run's repeats by unit. With `nan: 'skip'` an undefined Dice is as if it had no record.
 * @throws InputError for no repeat, one without record, or repeats that share no unit.
 */
export function unitDice(
  run: { readonly name: string; readonly repeats: readonly (readonly CountRecord[])[] },
  options: AggregateOptions,
): UnitDice {
  const repeats = run.repeats.map((records) => aggregateBySupport(records, options));
  if (repeats.length === 0 || repeats.some((repeat) => repeat.size === 0)) {
    throw new InputError(`run ${run.name} has no record.`);
  }
  const summaries = repeats.flatMap((repeat) => [...repeat.values()]);
  const classes = [...new Set(summaries.flatMap((summary) => summary.classes))];
  const raters = [...new Set(summaries.flatMap((summary) => summary.raters))];
  const unit = repeats.some((repeat) => repeat.size > 1) ? 'support' : 'scan';

  const usable = (value: Known): Known => (options.nan === 'skip' && Number.isNaN(value) ? null : value);
  const row = (summary: DiceSummary, read: (r: number, c: number) => Known): Known[] => {
    const columns = raters.map((rater) => summary.raters.indexOf(rater));
    return classes.flatMap((name) => {
      const c = summary.classes.indexOf(name);
      return columns.map((r) => (r < 0 || c < 0 ? null : usable(read(r, c))));
    });
  };
  const rows = repeats.map((repeat) =>
    unit === 'support'
      ? new Map([...repeat].map(([support, summary]) => [support, row(summary, overScans(summary))]))
      : scanRows([...repeat.values()][0]!, row),
  );
  const names = [...rows[0]!.keys()].filter((name) => rows.every((known) => known.has(name)));
  if (names.length === 0) {
    throw new InputError(`the repeats of run ${run.name} share no ${unit}.`, {
      remedy: `Evaluate all repeats with the same ${unit}s.`,
    });
  }
  const cells = names.map((name) => [name, columnMeans(rows.map((known) => known.get(name)!))] as const);
  const defined = cells.filter(([, row]) => row.some((value) => value !== null));
  return { unit, names, classes, raters, cells: new Map(defined), summaries };
}

// A rater without any record of a class has no mean over scans, hence null and not NaN.
function overScans({ dice, classDice }: DiceSummary): (r: number, c: number) => Known {
  return (r, c) => (dice.some((byRater) => byRater[r]![c] !== null) ? classDice[r]![c]! : null);
}

function scanRows(
  summary: DiceSummary,
  row: (summary: DiceSummary, read: (r: number, c: number) => Known) => Known[],
): Map<string, Known[]> {
  return new Map(summary.scans.map((scan, s) => [scan, row(summary, (r, c) => summary.dice[s]![r]![c]!)]));
}

/**
 * What Dice_m of some units is made of: Dice_m^c for each class, null where no unit shows it. In the published order
 * (evaluation protocol, 9.5): scans are averaged rater by rater and then raters; a support has its mean over raters, and
 * supports are averaged.
 */
export function byClass({ unit, raters }: UnitDice, rows: readonly (readonly Known[])[]): Known[] {
  const size = raters.length;
  return unit === 'support'
    ? columnMeans(rows.map((row) => chunkMeans(row, size)))
    : chunkMeans(columnMeans(rows), size);
}

/** Dice_m^(R_i) of some units for each rater: the mean over classes of the rater's mean over units. */
export function byRater({ raters }: UnitDice, rows: readonly (readonly Known[])[]): Known[] {
  const means = columnMeans(rows);
  return raters.map((_, r) => knownMean(means.filter((__, k) => k % raters.length === r)));
}

/** The mean of what is known; null where nothing is. */
export function knownMean(values: readonly Known[]): Known {
  return chunkMeans(values, values.length)[0] ?? null;
}

/** The means of every `size` neighbours. */
function chunkMeans(values: readonly Known[], size: number): Known[] {
  const means: Known[] = [];
  for (let from = 0; from < values.length; from += size) {
    let [sum, count] = [0, 0];
    for (let k = from; k < from + size; k++) {
      if (values[k] === null) continue;
      sum += values[k]!;
      count++;
    }
    means.push(count === 0 ? null : sum / count);
  }
  return means;
}

function columnMeans(rows: readonly (readonly Known[])[]): Known[] {
  const width = rows[0]?.length ?? 0;
  const [sums, counts] = [new Float64Array(width), new Uint32Array(width)];
  for (const row of rows) {
    for (let k = 0; k < width; k++) {
      if (row[k] === null) continue;
      sums[k]! += row[k]!;
      counts[k]! += 1;
    }
  }
  return Array.from(sums, (sum, k) => (counts[k] === 0 ? null : sum / counts[k]!));
}
