import { InputError } from '@fsmr/core';
import {
  crop,
  type Grid,
  gridWithSpacing,
  type LabelVolume,
  resample,
  resampleLabels,
  type Vector3,
  type Volume,
} from '@fsmr/imaging';

/** The side preparation brings slices to; sizes are rounded up, so one more row and column may appear (datasets 8.2). */
export const preparedSide = 256;

/** The first and last slice on which any of the label maps has foreground; the whole range where none has. */
export function labelledRange(labels: Iterable<LabelVolume>, slices: number): [first: number, last: number] {
  let [first, last] = [slices, -1];
  for (const { data, size } of labels) {
    const area = size[0] * size[1];
    for (let z = 0; z < slices; z++) {
      if (z >= first && z <= last) continue;
      for (let i = z * area; i < (z + 1) * area; i++) {
        if (data[i]! <= 0) continue;
        first = Math.min(first, z);
        last = Math.max(last, z);
        break;
      }
    }
  }
  return last < 0 ? [0, slices - 1] : [first, last];
}

/** A box without `border` pixels on every side of a slice and of the given slices alone. */
export function innerBox(
  { size }: Grid,
  border: number,
  [first, last]: readonly [number, number],
  file: string,
): { start: Vector3; size: Vector3 } {
  const inner: Vector3 = [size[0] - 2 * border, size[1] - 2 * border, last - first + 1];
  if (inner[0] < 1 || inner[1] < 1) {
    throw new InputError(`slices of ${size[0]} x ${size[1]} have nothing within a border of ${border} pixels.`, {
      file,
    });
  }
  return { start: [border, border, first], size: inner };
}

/**
 * The grid on which slices have {@link preparedSide} pixels a side, each axis by its own factor.
 * @param thickness millimetres between slices; as they are when absent
 */
export function squareGrid(grid: Grid, rounding: 'floor-plus-one' | 'round', thickness?: number): Grid {
  const [sx, sy, sz] = grid.spacing;
  const spacing: Vector3 = [sx * (grid.size[0] / preparedSide), sy * (grid.size[1] / preparedSide), thickness ?? sz];
  return gridWithSpacing(grid, spacing, rounding);
}

/** A scan and its label maps cut to a box and sampled on a grid made from what is left. */
export function cutAndSample(
  volumes: { readonly image: Volume; readonly labels: ReadonlyMap<number, LabelVolume> },
  region: { readonly start: Vector3; readonly size: Vector3 } | undefined,
  intensity: (image: Volume) => Volume,
  target: (cut: Grid) => Grid,
): { image: Volume; labels: Map<number, LabelVolume> } {
  const cut = <V extends Volume | LabelVolume>(volume: V): V =>
    region === undefined ? volume : crop(volume, region.start, region.size);
  // Voxel by voxel, so the intensity may as well be mapped after the cut, on less.
  const image = intensity(cut(volumes.image));
  const grid = target(image);
  return {
    image: resample(image, grid),
    labels: new Map(
      [...volumes.labels].map(([rater, map]) => [
        rater,
        resampleLabels(cut(map), grid, { interpolation: 'per-label' }),
      ]),
    ),
  };
}
