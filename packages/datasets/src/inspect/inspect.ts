import { isFsmrError } from '@fsmr/core';
import { checkScan } from '../check-scan.js';
import type { Dataset, Modality, Scan } from '../types.js';
import { fleissKappa, type KappaSums, kappaSums, maskDice } from './agreement.js';

/** What is found about one class. */
export interface ClassReport {
  readonly id: number;
  readonly name: string;
  /** Scans in which any rater drew the class. */
  readonly scans: number;
  /** Slices in which any rater drew it. */
  readonly slices: number;
  /** Mean Dice over scans of every two raters, raters in the data set's order; NaN where no scan has both. */
  readonly pairwiseDice: readonly (readonly number[])[];
  /** Mean over scans and pairs of raters; scans a pair left empty do not count. */
  readonly meanPairwiseDice: number;
  /** Over all voxels of the scans that all raters outlined and that show the class; NaN where there is none. */
  readonly fleissKappa: number;
}

/** What `inspect` found; plain JSON but for NaN. */
export interface DatasetReport {
  readonly name: string;
  readonly modality: Modality;
  readonly scans: number;
  /** Groups (patients), where the set knows them. */
  readonly groups: number | undefined;
  readonly slices: number;
  /** Different sizes [slices, height, width], as text, and how many scans have them. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Scans outlined by each rater. */
  readonly raters: Readonly<Record<string, number>>;
  readonly classes: readonly ClassReport[];
  /** What is missing, odd or damaged, one sentence each. */
  readonly faults: readonly string[];
}

/** How a data set is inspected. */
export interface InspectOptions {
  /** The scans looked at; all when absent. */
  readonly ids?: readonly string[];
  /** After every scan. */
  readonly onScan?: (done: number, scans: number) => void;
}

interface ClassSums {
  scans: number;
  slices: number;
  readonly dice: { sum: number; count: number }[][];
  readonly kappa: KappaSums[];
}

/**
 * Looks at every scan of a data set, one after the other: how many there are, of which sizes, who outlined them, how far
 * raters agree class by class, and what is wrong. Damaged scans are reported and passed over.
 */
export async function inspect(dataset: Dataset, options: InspectOptions = {}): Promise<DatasetReport> {
  const { raters, classes } = dataset;
  const wanted = options.ids === undefined ? undefined : new Set(options.ids);
  const scans = dataset.scans.filter(({ id }) => wanted?.has(id) !== false);
  const sums = new Map<number, ClassSums>(
    classes.map(({ id }) => [
      id,
      { scans: 0, slices: 0, kappa: [], dice: raters.map(() => raters.map(() => ({ sum: 0, count: 0 }))) },
    ]),
  );
  const sizes: Record<string, number> = {};
  const drawn = Object.fromEntries(raters.map((rater) => [rater, 0]));
  const faults: string[] = [];
  let slices = 0;
  for (const [index, info] of scans.entries()) {
    try {
      const scan = checkScan(dataset, info.id, await dataset.read(info.id));
      const size = scan.size.join(' x ');
      sizes[size] = (sizes[size] ?? 0) + 1;
      slices += scan.size[0];
      for (const rater of Object.keys(scan.labels)) drawn[rater] = (drawn[rater] ?? 0) + 1;
      for (const [id, own] of sums) if (info.classes.includes(id)) countClass(scan, raters, id, own);
      faults.push(...oddities(scan, raters));
    } catch (error) {
      if (!isFsmrError(error)) throw error;
      faults.push(`${info.id}: ${error.message}`);
    }
    options.onScan?.(index + 1, scans.length);
  }
  const groups = new Set(scans.map(({ group }) => group));
  return {
    name: dataset.name,
    modality: dataset.modality,
    scans: scans.length,
    groups: groups.has(undefined) ? undefined : groups.size,
    slices,
    sizes,
    raters: drawn,
    classes: classes.map(({ id, name }) => classReport(id, name, sums.get(id)!)),
    faults,
  };
}

function countClass(scan: Scan, raters: readonly string[], id: number, sums: ClassSums): void {
  const present = slicesWith(scan, id);
  if (present === 0) return;
  sums.scans++;
  sums.slices += present;
  for (let i = 0; i < raters.length; i++) {
    for (let j = i + 1; j < raters.length; j++) {
      const [a, b] = [scan.labels[raters[i]!], scan.labels[raters[j]!]];
      const dice = a === undefined || b === undefined ? undefined : maskDice(a, b, id);
      if (dice === undefined) continue;
      sums.dice[i]![j]!.sum += dice;
      sums.dice[i]![j]!.count++;
    }
  }
  const all = raters.flatMap((rater) => scan.labels[rater] ?? []);
  if (all.length === raters.length && raters.length > 1) sums.kappa.push(kappaSums(all, id));
}

function slicesWith({ size: [slices, height, width], labels }: Scan, id: number): number {
  const area = height * width;
  let count = 0;
  for (let z = 0; z < slices; z++) {
    if (Object.values(labels).some((map) => map.subarray(z * area, (z + 1) * area).includes(id))) count++;
  }
  return count;
}

function oddities(scan: Scan, raters: readonly string[]): string[] {
  const found: string[] = [];
  const missing = raters.filter((rater) => scan.labels[rater] === undefined);
  if (missing.length > 0) found.push(`${scan.id}: not outlined by ${missing.join(', ')}.`);
  for (const [rater, map] of Object.entries(scan.labels)) {
    if (map.every((value) => value === 0)) found.push(`${scan.id}: the mask of rater ${rater} is empty.`);
    // An empty mask of a writer whose background is not 0 looks like this.
    else if (!map.includes(0))
      found.push(`${scan.id}: the mask of rater ${rater} has no background; every voxel is foreground.`);
  }
  const first = scan.image[0]!;
  if (scan.image.every((value) => value === first)) found.push(`${scan.id}: the image has one grey value.`);
  return found;
}

function classReport(id: number, name: string, { scans, slices, dice, kappa }: ClassSums): ClassReport {
  const cell = (i: number, j: number): number => {
    const { sum, count } = dice[Math.min(i, j)]![Math.max(i, j)]!;
    return i === j ? 1 : sum / count;
  };
  const pairs = dice.flat();
  const count = pairs.reduce((total, pair) => total + pair.count, 0);
  return {
    id,
    name,
    scans,
    slices,
    pairwiseDice: dice.map((row, i) => row.map((_pair, j) => cell(i, j))),
    meanPairwiseDice: pairs.reduce((total, pair) => total + pair.sum, 0) / count,
    fleissKappa: kappa.length === 0 ? Number.NaN : fleissKappa(kappa),
  };
}
