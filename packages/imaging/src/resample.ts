import { ConfigError } from '@fsmr/core/errors';
import { sampleCubic } from './cubic.js';
import { type Grid, voxelCount } from './geometry.js';
import { resampleLabelsPerValue } from './resample-labels.js';
import { type AxisTaps, axisTaps, type IndexMap, indexMap, isSeparable, nearestTaps } from './sampling.js';
import { createLabelVolume, createVolume, type LabelVolume, type Volume } from './volume.js';

/** How a scan is sampled. */
export interface ResampleOptions {
  /** Linear when absent. */
  readonly interpolation?: 'linear' | 'cubic' | 'nearest' | undefined;
  /** The value outside the volume, 0 when absent. */
  readonly outside?: number | undefined;
}

/** How a label map is sampled: never by a rule that makes new values. */
export interface ResampleLabelsOptions {
  /**
   * `nearest` (default), or `per-label`: each value's indicator is sampled linearly and counts above one half, the
   * rule of the published preparation.
   */
  readonly interpolation?: 'nearest' | 'per-label' | undefined;
}

function linearSeparable(
  source: Volume,
  target: Grid,
  taps: readonly [AxisTaps, AxisTaps, AxisTaps],
  outside: number,
): Float32Array {
  const [nx, ny, nz] = target.size;
  const result = new Float32Array(voxelCount(target.size));
  if (outside !== 0) result.fill(outside);
  const [tx, ty, tz] = taps;
  const width = source.size[0];
  const area = width * source.size[1];
  const data = source.data;
  for (let z = 0; z < nz; z++) {
    if (tz.inside[z] === 0) continue;
    const [z0, z1, wz] = [tz.lower[z]! * area, tz.upper[z]! * area, tz.weight[z]!];
    for (let y = 0; y < ny; y++) {
      if (ty.inside[y] === 0) continue;
      const [y0, y1, wy] = [ty.lower[y]! * width, ty.upper[y]! * width, ty.weight[y]!];
      const [r00, r01, r10, r11] = [z0 + y0, z0 + y1, z1 + y0, z1 + y1];
      const row = (z * ny + y) * nx;
      for (let x = 0; x < nx; x++) {
        if (tx.inside[x] === 0) continue;
        const x0 = tx.lower[x]!;
        const x1 = tx.upper[x]!;
        const wx = tx.weight[x]!;
        const a = data[r00 + x0]! + (data[r00 + x1]! - data[r00 + x0]!) * wx;
        const b = data[r01 + x0]! + (data[r01 + x1]! - data[r01 + x0]!) * wx;
        const c = data[r10 + x0]! + (data[r10 + x1]! - data[r10 + x0]!) * wx;
        const d = data[r11 + x0]! + (data[r11 + x1]! - data[r11 + x0]!) * wx;
        const near = a + (b - a) * wy;
        const far = c + (d - c) * wy;
        result[row + x] = near + (far - near) * wz;
      }
    }
  }
  return result;
}

/** Calls `visit` with every target voxel whose position lies inside the source, and that position. */
function forEachInside(
  source: Grid,
  target: Grid,
  { matrix: m, offset: o }: IndexMap,
  visit: (index: number, x: number, y: number, z: number) => void,
): void {
  const [nx, ny, nz] = target.size;
  const [sx, sy, sz] = source.size;
  for (let k = 0, index = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      const x0 = m[1] * j + m[2] * k + o[0];
      const y0 = m[4] * j + m[5] * k + o[1];
      const z0 = m[7] * j + m[8] * k + o[2];
      for (let i = 0; i < nx; i++, index++) {
        const x = m[0] * i + x0;
        const y = m[3] * i + y0;
        const z = m[6] * i + z0;
        const inside = x >= -0.5 && x < sx - 0.5 && y >= -0.5 && y < sy - 0.5 && z >= -0.5 && z < sz - 0.5;
        if (inside) visit(index, x, y, z);
      }
    }
  }
}

function linearAt(source: Volume, x: number, y: number, z: number): number {
  const [sx, sy, sz] = source.size;
  const [fx, fy, fz] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  const [x0, x1] = [Math.max(0, fx), Math.min(sx - 1, fx + 1)];
  const [y0, y1] = [Math.max(0, fy) * sx, Math.min(sy - 1, fy + 1) * sx];
  const [z0, z1] = [Math.max(0, fz) * sx * sy, Math.min(sz - 1, fz + 1) * sx * sy];
  const line = (row: number): number => {
    const low = source.data[row + x0]!;
    return low + (source.data[row + x1]! - low) * (x - fx);
  };
  const plane = (start: number): number => {
    const low = line(start + y0);
    return low + (line(start + y1) - low) * (y - fy);
  };
  const low = plane(z0);
  return low + (plane(z1) - low) * (z - fz);
}

/**
 * A scan sampled on another grid, as ITK's ResampleImageFilter does with the identity transform: positions in world
 * millimetres, `outside` beyond half a voxel around the outermost centres, the edge repeated within that half voxel.
 *
 * `cubic` is Catmull-Rom's interpolating cubic (Keys 1981, a = -0.5).
 *
 * @param target the wanted grid, see {@link gridWithSpacing}.
 * @throws GeometryError for a singular grid, ConfigError for another interpolation.
 */
export function resample(source: Volume, target: Grid, options: ResampleOptions = {}): Volume {
  const { interpolation = 'linear', outside = 0 } = options;
  const map = indexMap(source, target);
  if (interpolation === 'linear' && isSeparable(map)) {
    const taps = ([0, 1, 2] as const).map((axis) =>
      axisTaps(target.size[axis], map.matrix[4 * axis]!, map.offset[axis], source.size[axis]),
    ) as [AxisTaps, AxisTaps, AxisTaps];
    return createVolume(linearSeparable(source, target, taps, outside), target.size, target);
  }
  const data = new Float32Array(voxelCount(target.size));
  if (outside !== 0) data.fill(outside);
  const samplers = { linear: linearAt, cubic: sampleCubic, nearest: nearestAt };
  const sampler = samplers[interpolation];
  if (sampler === undefined) throw new ConfigError(`there is no interpolation ${JSON.stringify(interpolation)}.`);
  forEachInside(source, target, map, (index, x, y, z) => {
    data[index] = sampler(source, x, y, z);
  });
  return createVolume(data, target.size, target);
}

function nearestAt(source: Volume, x: number, y: number, z: number): number {
  const [sx, sy] = source.size;
  return source.data[Math.floor(x + 0.5) + sx * (Math.floor(y + 0.5) + sy * Math.floor(z + 0.5))]!;
}

function nearestLabels(source: LabelVolume, target: Grid, map: IndexMap): LabelVolume {
  const data = new (source.data.constructor as new (length: number) => LabelVolume['data'])(voxelCount(target.size));
  const [sx, sy] = source.size;
  const [nx, ny, nz] = target.size;
  if (!isSeparable(map)) {
    forEachInside(source, target, map, (index, x, y, z) => {
      data[index] = source.data[Math.floor(x + 0.5) + sx * (Math.floor(y + 0.5) + sy * Math.floor(z + 0.5))]!;
    });
    return createLabelVolume(data, target.size, target);
  }
  const [px, py, pz] = ([0, 1, 2] as const).map((axis) =>
    nearestTaps(target.size[axis], map.matrix[4 * axis]!, map.offset[axis], source.size[axis]),
  ) as [Int32Array, Int32Array, Int32Array];
  for (let z = 0, index = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const outside = pz[z]! < 0 || py[y]! < 0;
      const row = sx * (py[y]! + sy * pz[z]!);
      for (let x = 0; x < nx; x++, index++) {
        if (!outside && px[x]! >= 0) data[index] = source.data[row + px[x]!]!;
      }
    }
  }
  return createLabelVolume(data, target.size, target);
}

/**
 * A label map sampled on another grid; 0 outside. Nearest neighbours, or per label as the published preparation does.
 * @throws GeometryError for a singular grid, ConfigError for another interpolation.
 */
export function resampleLabels(source: LabelVolume, target: Grid, options: ResampleLabelsOptions = {}): LabelVolume {
  const map = indexMap(source, target);
  switch (options.interpolation ?? 'nearest') {
    case 'nearest':
      return nearestLabels(source, target, map);
    case 'per-label':
      return resampleLabelsPerValue(source, target, map);
    default:
      throw new ConfigError(`there is no interpolation ${JSON.stringify(options.interpolation)} for labels.`, {
        remedy: 'Use "nearest" or "per-label".',
      });
  }
}
