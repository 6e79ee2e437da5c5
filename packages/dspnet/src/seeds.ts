import { squaredDistances } from './distance.js';

/** A feature cell, [row, column]. */
export type Seed = readonly [number, number];

/** How densely seeds lie. */
export interface SeedOptions {
  readonly maximumSeeds: number;
  /** Cells a seed. */
  readonly areaPerSeed: number;
}

/** Half way between two whole numbers the even one, as numpy rounds. */
function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** The source row or column of each target one when an image is resized to its nearest cells, as OpenCV has it. */
function nearest(input: number, output: number): number[] {
  const step = 1 / (output / input);
  return Array.from({ length: output }, (_, i) => Math.min(Math.floor(i * step), input - 1));
}

interface Crop {
  readonly mask: Uint8Array;
  readonly rows: number;
  readonly columns: number;
  /** Where the crop lies in the grid. */
  readonly top: number;
  readonly left: number;
}

function cropToMask(grid: Uint8Array, columns: number): Crop | undefined {
  const filled: Seed[] = [];
  grid.forEach((value, i) => {
    if (value !== 0) filled.push([Math.floor(i / columns), i % columns]);
  });
  if (filled.length === 0) return undefined;
  const range = (axis: 0 | 1): [number, number] => {
    const places = filled.map((seed) => seed[axis]);
    return [Math.min(...places), Math.max(...places)];
  };
  const [[top, bottom], [left, right]] = [range(0), range(1)];
  const width = right - left + 1;
  const mask = new Uint8Array((bottom - top + 1) * width);
  for (const [row, column] of filled) mask[(row - top) * width + column - left] = 1;
  return { mask, rows: bottom - top + 1, columns: width, top, left };
}

/**
 * Seeds spread over a mask: again and again the cell farthest from the rim and from the seeds already placed, first in
 * reading order (DSPNet; the placing is that of Irving, maskSLIC, 2016, and Li et al., Adaptive prototype learning and
 * allocation for few-shot segmentation, CVPR 2021).
 *
 * Their number is the mask's area over `areaPerSeed`, rounded half to even. One seed would be the plain mean, so a mask
 * with room for one gets none.
 *
 * @param mask H * W pixels, above 0 is inside
 * @param size [H, W]
 * @param grid the size of the feature grid, on which the mask is sampled without smoothing
 */
export function placeSeeds(
  mask: ArrayLike<number>,
  [height, width]: readonly [number, number],
  [rows, columns]: readonly [number, number],
  { maximumSeeds, areaPerSeed }: SeedOptions,
): Seed[] {
  const sources = nearest(width, columns);
  const grid = Uint8Array.from(
    nearest(height, rows).flatMap((row) => sources.map((column) => (mask[row * width + column]! > 0 ? 1 : 0))),
  );
  const crop = cropToMask(grid, columns);
  if (crop === undefined) return [];
  const area = crop.mask.reduce((sum, value) => sum + value, 0);
  const count = Math.min(roundHalfToEven(area / areaPerSeed), maximumSeeds);
  if (count < 2) return [];
  const open = crop.mask;
  return Array.from({ length: count }, () => {
    const distances = squaredDistances(open, crop.rows, crop.columns);
    const farthest = distances.indexOf(distances.reduce((a, b) => Math.max(a, b)));
    open[farthest] = 0;
    return [crop.top + Math.floor(farthest / crop.columns), crop.left + (farthest % crop.columns)];
  });
}

/**
 * The seeds that the published program goes on with: it counts them by their non-zero coordinates, so a seed in the
 * first row and one in the first column may cost the last ones their place.
 */
export function countedSeeds(seeds: readonly Seed[]): Seed[] {
  const nonZero = (axis: 0 | 1): number => seeds.filter((seed) => seed[axis] !== 0).length;
  return seeds.slice(0, Math.max(nonZero(0), nonZero(1)));
}
