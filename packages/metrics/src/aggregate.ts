import { InputError } from '@fsmr/core/errors';
import { type Counts, dice, precision, recall, sumCounts } from './counts.js';
import { groupBy } from './group.js';
import { mean, standardDeviation } from './moments.js';

/** What the evaluation writes for every scored slice or scan; several records of the same keys add up. */
export interface CountRecord extends Counts {
  /** The query scan. */
  readonly scan: string;
  /** The rater whose truth was compared. */
  readonly rater: string;
  /** The class, by name. */
  readonly class: string;
  /** The scan used as support, where more than one was used. */
  readonly support?: string;
}

/** How undefined Dice values (nothing predicted where nothing is true) enter the means. */
export interface AggregateOptions {
  /** `propagate` (as published): one NaN makes its means NaN. `skip`: means over the defined values. */
  readonly nan?: 'propagate' | 'skip';
}

/**
 * Dice of one support (or of one run) by scan, rater and class, and the means the paper reports.
 * Every value is a fraction in [0, 1] or NaN; tables multiply by 100.
 */
export interface DiceSummary {
  readonly scans: readonly string[];
  readonly raters: readonly string[];
  readonly classes: readonly string[];
  /** Counts summed over slices, `[scan][rater][class]`; null where there is no record. */
  readonly counts: readonly (readonly (readonly (Counts | null)[])[])[];
  /** Dice of the summed counts, `[scan][rater][class]`; null where there is no record. */
  readonly dice: readonly (readonly (readonly (number | null)[])[])[];
  /** Mean over scans, `[rater][class]`. */
  readonly classDice: readonly (readonly number[])[];
  /** Population standard deviation over scans, `[rater][class]`. */
  readonly classDiceStd: readonly (readonly number[])[];
  /** Mean over scans of the mean over raters, `[class]`. */
  readonly meanDice: readonly number[];
  /** Population standard deviation over scans of the mean over raters, `[class]`. */
  readonly meanDiceStd: readonly number[];
  /** The paper's Dice_m^c: mean over raters of `classDice`, `[class]`. */
  readonly diceByClass: readonly number[];
  /** The paper's Dice_m^(R_i): mean over classes of `classDice`, `[rater]`. */
  readonly diceByRater: readonly number[];
  /** The paper's Dice_m: mean over classes of `diceByClass`. */
  readonly diceMean: number;
  /** Precision TP / (TP + FP) of the counts summed over slices and raters, `[scan][class]`. */
  readonly precision: readonly (readonly (number | null)[])[];
  /** Recall TP / (TP + FN) of the counts summed over slices and raters, `[scan][class]`. */
  readonly recall: readonly (readonly (number | null)[])[];
  /** How many Dice values are NaN (0/0). */
  readonly undefinedCount: number;
  /** How many triples of scan, rater and class have no record; they enter no mean. */
  readonly missingCount: number;
}

/**
 * Dice by scan, rater and class and its means, in the published order: counts are summed over the slices of a scan,
 * Dice is taken, then averaged over scans, then over raters or classes with equal weights.
 *
 * Scans, raters and classes keep the order of their first appearance. A triple without record (a class absent from a
 * scan, a rater who left a scan out) enters no mean and is counted in `missingCount`.
 * Source: JAPC, section 3 and its validation program (evaluation protocol, 9.5).
 * @throws InputError for no records, or records of more than one support (see {@link aggregateBySupport}).
 */
export function aggregateDice(
  records: Iterable<CountRecord>,
  { nan = 'propagate' }: AggregateOptions = {},
): DiceSummary {
  const list = [...records];
  const supports = new Set(list.map((record) => record.support));
  if (list.length === 0) throw new InputError('there is no record to aggregate.');
  if (supports.size > 1) {
    throw new InputError(`the records use ${supports.size} supports.`, { remedy: 'Call aggregateBySupport instead.' });
  }
  const scans = distinct(list, (record) => record.scan);
  const raters = distinct(list, (record) => record.rater);
  const classes = distinct(list, (record) => record.class);

  const groups = groupBy(list, (record) => key(record.scan, record.rater, record.class));
  const counts = scans.map((scan) =>
    raters.map((rater) =>
      classes.map((name) => {
        const group = groups.get(key(scan, rater, name));
        return group === undefined ? null : sumCounts(group);
      }),
    ),
  );
  const raw = counts.map((byRater) =>
    byRater.map((byClass) => byClass.map((one) => (one === null ? null : dice(one)))),
  );
  const pooled = (measure: (one: Counts) => number): (number | null)[][] =>
    counts.map((byRater) =>
      classes.map((_, c) => {
        const present = byRater.map((byClass) => byClass[c]!).filter((one) => one !== null);
        return present.length === 0 ? null : measure(sumCounts(present));
      }),
    );
  const flat = raw.flat(2);
  const usable = (values: readonly (number | null)[]): number[] =>
    values.filter((value) => value !== null && !(nan === 'skip' && Number.isNaN(value))) as number[];
  const average = (values: readonly (number | null)[]): number => mean(usable(values));
  const overScans = <T>(reduce: (values: number[]) => T): T[][] =>
    raters.map((_, r) => classes.map((_, c) => reduce(usable(raw.map((byRater) => byRater[r]![c]!)))));

  // A scan without any record of a class says nothing about that class, hence null and not NaN.
  const raterMeans = classes.map((_, c) =>
    raw.map((byRater) => {
      const values = byRater.map((byClass) => byClass[c]!);
      return values.every((value) => value === null) ? null : average(values);
    }),
  );
  // A rater without any record of a class likewise enters no mean over raters.
  const observed = raters.map((_, r) => classes.map((_, c) => raw.some((byRater) => byRater[r]![c] !== null)));
  const classDice = overScans(mean);
  const known = (r: number, c: number): number | null => (observed[r]![c] ? classDice[r]![c]! : null);
  const diceByClass = classes.map((_, c) => average(raters.map((_, r) => known(r, c))));

  return {
    scans,
    raters,
    classes,
    counts,
    dice: raw,
    classDice,
    classDiceStd: overScans(standardDeviation),
    meanDice: raterMeans.map(average),
    meanDiceStd: raterMeans.map((values) => standardDeviation(usable(values))),
    diceByClass,
    diceByRater: raters.map((_, r) => average(classes.map((_, c) => known(r, c)))),
    diceMean: average(diceByClass),
    precision: pooled((one) => precision(one)),
    recall: pooled((one) => recall(one)),
    undefinedCount: flat.filter((value) => value !== null && Number.isNaN(value)).length,
    missingCount: flat.filter((value) => value === null).length,
  };
}

/**
 * One {@link aggregateDice} for each support, keyed by support in the order of first appearance. Records without a
 * support share the key `''`.
 */
export function aggregateBySupport(
  records: Iterable<CountRecord>,
  options: AggregateOptions = {},
): Map<string, DiceSummary> {
  const groups = groupBy(records, (record) => record.support ?? '');
  return new Map([...groups].map(([support, group]) => [support, aggregateDice(group, options)]));
}

function distinct(records: readonly CountRecord[], name: (record: CountRecord) => string): string[] {
  return [...new Set(records.map(name))];
}

function key(...parts: string[]): string {
  return JSON.stringify(parts);
}
