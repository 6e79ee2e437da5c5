import { InputError, ShapeError } from '@fsmr/core/errors';
import { distanceTransform3d } from '@fsmr/imaging';
import { requireSameLength } from './counts.js';
import { quantile } from './moments.js';

/** The grid two masks share: an image (two numbers each) or a volume (three), in the order x, y, z. */
export interface MaskGrid {
  /** Voxels along x, y and z; x runs fastest in the mask. */
  readonly size: readonly number[];
  /** Distance between voxels, in millimetres or pixels; 1 if not given. */
  readonly spacing?: readonly number[];
}

/** How far each surface voxel of one mask lies from the surface of the other, in the unit of the spacing. */
export interface SurfaceDistances {
  /** From each surface voxel of the first mask to the second surface; Infinity where that is empty. */
  readonly forward: readonly number[];
  /** From each surface voxel of the second mask to the first surface. */
  readonly backward: readonly number[];
}

type Triple = [number, number, number];

/**
 * Distances between the surfaces of two masks (any value but 0 is foreground).
 *
 * A surface voxel is a foreground voxel with a background voxel, or the edge of the grid, across one of its faces (edges
 * in 2D), as `scipy.ndimage.binary_erosion` removes it. So every voxel of a volume of one slice is surface; give such a
 * slice its two numbers alone to measure its outline. Only the box around both masks is looked at.
 * @throws ShapeError where masks and grid disagree, or a side has no spacing above 0.
 */
export function surfaceDistances(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  grid: MaskGrid,
): SurfaceDistances {
  requireSameLength(first, second);
  const size = triple(grid.size, 1);
  const spacing = triple(grid.spacing ?? [], 1);
  if (size[0] * size[1] * size[2] !== first.length || grid.size.length > 3) {
    throw new ShapeError(`a mask of ${first.length} voxels is not ${grid.size.join(' x ')}.`);
  }
  const given = grid.spacing ?? [1, 1, 1];
  if (given.length < grid.size.length || given.some((step) => !(step > 0 && Number.isFinite(step)))) {
    throw new ShapeError(
      `spacings of ${grid.size.join(' x ')} must be as many positive numbers, not ${given.join(' x ')}.`,
    );
  }
  const flat = grid.size.length === 2;
  const a = surface(first, size, flat);
  const b = surface(second, size, flat);
  const box = boundingBox([a, b], size);
  return {
    forward: distancesFrom(a, b, box, spacing),
    backward: distancesFrom(b, a, box, spacing),
  };
}

/**
 * The larger of the two directed 95th percentiles of surface distance. Infinity where one mask is empty, NaN where both
 * are. Source: Maier-Hein et al., Metrics Reloaded, Nature Methods 2024 (HD95); percentiles as numpy interpolates them.
 * @param percent 95 if not given; 100 is the Hausdorff distance of the surfaces.
 */
export function hausdorffDistance({ forward, backward }: SurfaceDistances, percent = 95): number {
  if (forward.length === 0 && backward.length === 0) return Number.NaN;
  if (forward.length === 0 || backward.length === 0) return Number.POSITIVE_INFINITY;
  return Math.max(quantile(forward, percent / 100), quantile(backward, percent / 100));
}

/** {@link hausdorffDistance} at 95 percent, straight from two masks. */
export function hd95(first: ArrayLike<number>, second: ArrayLike<number>, grid: MaskGrid): number {
  return hausdorffDistance(surfaceDistances(first, second, grid));
}

/**
 * The share of both surfaces that lies within a tolerance of the other: 1 where all does, 0 where one mask is empty, NaN
 * where both are. Surface voxels count alike, whatever area they stand for.
 * Source: Nikolov et al., Clinically applicable segmentation of head and neck anatomy, JMIR 2021.
 * @param tolerance in the unit of the spacing; a distance equal to it is within.
 * @throws InputError for a tolerance below 0 or NaN.
 */
export function surfaceDice({ forward, backward }: SurfaceDistances, tolerance: number): number {
  if (!(tolerance >= 0)) throw new InputError(`a tolerance is a length from 0, not ${tolerance}.`);
  const within = (distances: readonly number[]): number => distances.filter((d) => d <= tolerance).length;
  return (within(forward) + within(backward)) / (forward.length + backward.length);
}

/**
 * The average symmetric surface distance: the mean over the voxels of both surfaces of the distance to the other.
 * Infinity where one mask is empty, NaN where both are.
 */
export function averageSurfaceDistance({ forward, backward }: SurfaceDistances): number {
  const sum = (distances: readonly number[]): number => distances.reduce((total, d) => total + d, 0);
  return (sum(forward) + sum(backward)) / (forward.length + backward.length);
}

function triple(values: readonly number[], rest: number): Triple {
  return [values[0] ?? rest, values[1] ?? rest, values[2] ?? rest];
}

/** The coordinates of the surface voxels, x, y, z one after the other. */
function surface(mask: ArrayLike<number>, [sx, sy, sz]: Triple, flat: boolean): Int32Array {
  const found: number[] = [];
  const area = sx * sy;
  for (let z = 0, i = 0; z < sz; z++) {
    for (let y = 0; y < sy; y++) {
      for (let x = 0; x < sx; x++, i++) {
        if (mask[i] === 0) continue;
        const inside =
          x > 0 &&
          x < sx - 1 &&
          y > 0 &&
          y < sy - 1 &&
          mask[i - 1] !== 0 &&
          mask[i + 1] !== 0 &&
          mask[i - sx] !== 0 &&
          mask[i + sx] !== 0 &&
          (flat || (z > 0 && z < sz - 1 && mask[i - area] !== 0 && mask[i + area] !== 0));
        if (!inside) found.push(x, y, z);
      }
    }
  }
  return Int32Array.from(found);
}

interface Box {
  readonly low: Triple;
  readonly size: Triple;
}

function boundingBox(surfaces: readonly Int32Array[], size: Triple): Box {
  const low: Triple = [...size];
  const high: Triple = [-1, -1, -1];
  for (const points of surfaces) {
    points.forEach((value, k) => {
      const axis = k % 3;
      low[axis] = Math.min(low[axis]!, value);
      high[axis] = Math.max(high[axis]!, value);
    });
  }
  return { low, size: [high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1] };
}

function distancesFrom(points: Int32Array, target: Int32Array, { low, size }: Box, spacing: Triple): number[] {
  if (points.length === 0) return [];
  const index = (list: Int32Array, k: number): number =>
    list[k]! - low[0] + size[0] * (list[k + 1]! - low[1] + size[1] * (list[k + 2]! - low[2]));
  // The transform measures to the nearest zero.
  const others = new Uint8Array(size[0] * size[1] * size[2]).fill(1);
  for (let k = 0; k < target.length; k += 3) others[index(target, k)] = 0;
  const toTarget = distanceTransform3d(others, size, spacing);
  const distances = new Array<number>(points.length / 3);
  for (let k = 0; k < points.length; k += 3) distances[k / 3] = toTarget[index(points, k)]!;
  return distances;
}
