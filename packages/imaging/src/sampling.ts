import { ConfigError } from '@fsmr/core/errors';
import { type Grid, invert, type Matrix3, stepMatrix, type Vector3, worldToIndex } from './geometry.js';
import { roundHalfEven } from './rounding.js';

/** The voxel index of one grid as an affine function of another grid's index: `matrix * index + offset`. */
export interface IndexMap {
  readonly matrix: Matrix3;
  readonly offset: Vector3;
}

/** Where the voxels of `target` lie in the index space of `source`. */
export function indexMap(source: Grid, target: Grid): IndexMap {
  const same =
    source.direction.every((value, i) => value === target.direction[i]) &&
    source.origin.every((value, i) => value === target.origin[i]);
  if (same) {
    // Without a detour through the world the products stay exact where the spacings' ratio is.
    const [a, b, c] = target.spacing.map((value, axis) => value / source.spacing[axis]!) as [number, number, number];
    return { matrix: [a, 0, 0, 0, b, 0, 0, 0, c], offset: [0, 0, 0] };
  }
  const inverse = invert(stepMatrix(source));
  const steps = stepMatrix(target);
  const matrix = Array.from({ length: 9 }, (_, k) => {
    const row = 3 * Math.floor(k / 3);
    const column = k % 3;
    const sum =
      inverse[row]! * steps[column]! + inverse[row + 1]! * steps[column + 3]! + inverse[row + 2]! * steps[column + 6]!;
    // What rounding leaves beside an axis would tilt an upright grid.
    return Math.abs(sum) < 1e-12 ? 0 : sum;
  }) as unknown as Matrix3;
  return { matrix, offset: worldToIndex(source, target.origin) };
}

/** Whether each axis of the target depends on the same axis of the source alone. */
export function isSeparable({ matrix: m }: IndexMap): boolean {
  return m[1] === 0 && m[2] === 0 && m[3] === 0 && m[5] === 0 && m[6] === 0 && m[7] === 0;
}

/**
 * Positions along one axis for linear interpolation: the two neighbours and the weight of the upper one.
 * Inside is [-0.5, n - 0.5) as in ITK; between the last centre and the border the last voxel counts alone.
 */
export interface AxisTaps {
  readonly inside: Uint8Array;
  readonly lower: Int32Array;
  readonly upper: Int32Array;
  readonly weight: Float64Array;
}

/** Taps of `count` positions `scale * i + offset` on an axis of `extent` voxels. */
export function axisTaps(count: number, scale: number, offset: number, extent: number): AxisTaps {
  const taps: AxisTaps = {
    inside: new Uint8Array(count),
    lower: new Int32Array(count),
    upper: new Int32Array(count),
    weight: new Float64Array(count),
  };
  for (let i = 0; i < count; i++) {
    const position = scale * i + offset;
    if (!(position >= -0.5 && position < extent - 0.5)) continue;
    const base = Math.floor(position);
    taps.inside[i] = 1;
    taps.lower[i] = Math.max(0, base);
    taps.upper[i] = Math.min(extent - 1, base + 1);
    taps.weight[i] = position - base;
  }
  return taps;
}

/** Nearest voxel of each position along one axis, halves up, or -1 outside. */
export function nearestTaps(count: number, scale: number, offset: number, extent: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => {
    const position = scale * i + offset;
    return position >= -0.5 && position < extent - 0.5 ? Math.floor(position + 0.5) : -1;
  });
}

/**
 * The grid a volume gets at another spacing; origin and direction stay.
 * @param rounding how the size is found: `floor-plus-one` as CURVAS and most sets, `round` as QUBIQ, halves to even
 * @throws ConfigError for a spacing that is not positive
 */
export function gridWithSpacing(
  grid: Grid,
  spacing: Vector3,
  rounding: 'floor-plus-one' | 'round' = 'floor-plus-one',
): Grid {
  if (spacing.some((s) => !(s > 0))) throw new ConfigError(`spacings must be positive, found ${spacing.join(' x ')}.`);
  const size = grid.size.map((extent, axis) => {
    const exact = (extent * grid.spacing[axis]!) / spacing[axis]!;
    return Math.max(1, rounding === 'round' ? roundHalfEven(exact) : Math.floor(exact + 1));
  }) as unknown as Vector3;
  return { size, spacing, origin: grid.origin, direction: grid.direction };
}
