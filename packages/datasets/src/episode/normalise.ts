import { NumericError } from '@fsmr/core';
import { checkScan } from '../check-scan.js';
import type { Dataset, Scan, Statistics } from '../types.js';

/** Statistics of one image or scan, over all voxels. */
export function statisticsOf(image: Float32Array): Statistics {
  let sum = 0;
  for (let i = 0; i < image.length; i++) sum += image[i]!;
  const mean = sum / image.length;
  let squares = 0;
  for (let i = 0; i < image.length; i++) squares += (image[i]! - mean) ** 2;
  return { mean, std: Math.sqrt(squares / image.length) };
}

/**
 * Statistics over all voxels of several scans, read one after the other (and never kept): what CT is normalised with,
 * training and test alike (datasets section 8.7). Merges the scans' moments, so each is read once.
 *
 * @param ids the training scans
 * @throws NumericError without scans; InputError, ShapeError for a scan that is none, see {@link checkScan}.
 */
export async function datasetStatistics(dataset: Dataset, ids: readonly string[]): Promise<Statistics> {
  let [count, mean, squares] = [0, 0, 0];
  for (const id of ids) {
    const { image, stored } = checkScan(dataset, id, await dataset.read(id));
    const own = stored ?? { ...statisticsOf(image), voxels: image.length };
    const total = count + own.voxels;
    const step = own.mean - mean;
    squares += own.std * own.std * own.voxels + (step * step * count * own.voxels) / total;
    mean += (step * own.voxels) / total;
    count = total;
  }
  if (count === 0) throw new NumericError('statistics need at least one scan.');
  return { mean, std: Math.sqrt(squares / count) };
}

/**
 * The statistics a data set's scans are to be normalised with: over the training scans for CT, undefined (each scan by
 * itself) for other modalities.
 */
export async function trainingStatistics(dataset: Dataset, ids: readonly string[]): Promise<Statistics | undefined> {
  return dataset.modality === 'CT' ? datasetStatistics(dataset, ids) : undefined;
}

/**
 * A scan with grey values of mean 0 and standard deviation 1, over the whole scan as it is stored.
 *
 * @param statistics of the training scans; the scan's own when absent
 * @returns the scan with a new image and the same labels; an image of one grey value becomes 0
 */
export function normalise(scan: Scan, statistics: Statistics = scan.stored ?? statisticsOf(scan.image)): Scan {
  return { ...scan, image: normaliseImage(scan.image, statistics) };
}

/** Grey values by given statistics; values of a standard deviation of 0 become 0. */
export function normaliseImage(image: Float32Array, { mean, std }: Statistics): Float32Array {
  const scale = std > 0 ? 1 / std : 0;
  return image.map((value) => (value - mean) * scale);
}
