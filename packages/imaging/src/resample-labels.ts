import { ConfigError } from '@fsmr/core/errors';
import { type Grid, voxelCount } from './geometry.js';
import { type AxisTaps, axisTaps, type IndexMap, isSeparable } from './sampling.js';
import { createLabelVolume, type LabelVolume } from './volume.js';

/**
 * A label map sampled linearly, one value at a time: each value's 0/1 indicator is interpolated and rounded, one half
 * to 0, and where it is 1 the value is written. Shares of all values sum to 1, so at most one exceeds one half;
 * voxels without such a value, and those outside, become 0.
 *
 * @throws ConfigError where the grids are turned against each other.
 */
export function resampleLabelsPerValue(source: LabelVolume, target: Grid, map: IndexMap): LabelVolume {
  if (!isSeparable(map)) {
    throw new ConfigError('labels can be sampled per label only on a grid with the same axes.', {
      remedy: 'Use nearest neighbours, or reorient first.',
    });
  }
  const [tx, ty, tz] = ([0, 1, 2] as const).map((axis) =>
    axisTaps(target.size[axis], map.matrix[4 * axis]!, map.offset[axis], source.size[axis]),
  ) as [AxisTaps, AxisTaps, AxisTaps];
  const data = new (source.data.constructor as new (length: number) => LabelVolume['data'])(voxelCount(target.size));
  const [nx, ny, nz] = target.size;
  const width = source.size[0];
  const area = width * source.size[1];
  const labels = source.data;
  const corner = new Int32Array(8);
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
        const first = labels[r00 + x0]!;
        corner[0] = first;
        corner[1] = labels[r00 + x1]!;
        corner[2] = labels[r01 + x0]!;
        corner[3] = labels[r01 + x1]!;
        corner[4] = labels[r10 + x0]!;
        corner[5] = labels[r10 + x1]!;
        corner[6] = labels[r11 + x0]!;
        corner[7] = labels[r11 + x1]!;
        data[row + x] = isUniform(corner) ? first : majority(corner, tx.weight[x]!, wy, wz);
      }
    }
  }
  return createLabelVolume(data, target.size, target);
}

function isUniform(corner: Int32Array): boolean {
  const first = corner[0]!;
  for (let k = 1; k < 8; k++) if (corner[k] !== first) return false;
  return true;
}

// The indicator of one value, interpolated in the order and with the precision of a scan: what lies above one half by
// less than single precision shows counts as one half.
function share(corner: Int32Array, value: number, wx: number, wy: number, wz: number): number {
  const is = (k: number): number => (corner[k] === value ? 1 : 0);
  const line = (k: number): number => is(k) + (is(k + 1) - is(k)) * wx;
  const near = line(0) + (line(2) - line(0)) * wy;
  const far = line(4) + (line(6) - line(4)) * wy;
  return Math.fround(near + (far - near) * wz);
}

function majority(corner: Int32Array, wx: number, wy: number, wz: number): number {
  for (let k = 0; k < 8; k++) {
    const value = corner[k]!;
    if (value !== 0 && share(corner, value, wx, wy, wz) > 0.5) return value;
  }
  return 0;
}
