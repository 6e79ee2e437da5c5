import { ShapeError } from '@fsmr/core/errors';
import { indexToWorld, type Vector3, voxelCount } from './geometry.js';
import { type AnyVolume, createLabelVolume, createVolume, type LabelVolume, type Volume } from './volume.js';

type Data = AnyVolume['data'];

const emptyLike = <D extends Data>(data: D, length: number): D =>
  new (data.constructor as new (length: number) => D)(length);

/** Copies the voxels of a box; what lies outside the source gets `value`. */
function copyBox<D extends Data>(data: D, from: Vector3, start: Vector3, size: Vector3, value: number): D {
  const result = emptyLike(data, voxelCount(size));
  if (value !== 0) result.fill(value);
  const x0 = Math.max(0, -start[0]);
  const x1 = Math.min(size[0], from[0] - start[0]);
  if (x1 <= x0) return result;
  for (let z = Math.max(0, -start[2]); z < Math.min(size[2], from[2] - start[2]); z++) {
    for (let y = Math.max(0, -start[1]); y < Math.min(size[1], from[1] - start[1]); y++) {
      const row = from[0] * (y + start[1] + from[1] * (z + start[2])) + start[0];
      (result as Float32Array).set(
        (data as Float32Array).subarray(row + x0, row + x1),
        size[0] * (y + size[1] * z) + x0,
      );
    }
  }
  return result;
}

/**
 * A box of a volume, which may reach beyond it: the voxels there get `value` (0 when absent). The origin moves with
 * the box, so every voxel keeps its place in the world.
 *
 * @param start first voxel, x y z; may be negative.
 * @param size voxels of the box, x y z.
 * @throws ShapeError where the box is empty or not of integers.
 */
export function box<V extends AnyVolume>(volume: V, start: Vector3, size: Vector3, value = 0): V {
  if ([...start, ...size].some((n) => !Number.isSafeInteger(n)) || size.some((n) => n < 1)) {
    throw new ShapeError(`a box from ${start.join(', ')} of ${size.join(' x ')} voxels makes no volume.`);
  }
  const data = copyBox(volume.data, volume.size, start, size, value);
  return { ...volume, data, size, origin: indexToWorld(volume, start) };
}

/**
 * A box inside a volume; the origin moves with it.
 * @throws ShapeError where the box leaves the volume.
 */
export function crop<V extends AnyVolume>(volume: V, start: Vector3, size: Vector3): V {
  if (start.some((s, axis) => s < 0 || s + size[axis]! > volume.size[axis]!)) {
    throw new ShapeError(
      `a box from ${start.join(', ')} of ${size.join(' x ')} voxels leaves the volume of ${volume.size.join(' x ')}.`,
    );
  }
  return box(volume, start, size);
}

/**
 * A volume with voxels added on both sides of each axis.
 * @param value what they hold, 0 when absent.
 * @throws ShapeError for negative or broken margins.
 */
export function pad<V extends AnyVolume>(volume: V, before: Vector3, after: Vector3, value = 0): V {
  if ([...before, ...after].some((n) => n < 0)) throw new ShapeError('margins must not be negative.');
  const start = before.map((n) => -n || 0) as unknown as Vector3;
  const size = volume.size.map((n, axis) => n + before[axis]! + after[axis]!) as unknown as Vector3;
  return box(volume, start, size, value);
}

/**
 * The middle of each slice, cut and padded to width x height: index 0 lies at `floor(extent / 2) - floor(wanted / 2)`,
 * as in the preparation of CHAOS T2 and CMR. @throws ShapeError for sizes below 1.
 */
export function centreCrop<V extends AnyVolume>(volume: V, width: number, height: number, value = 0): V {
  const start: Vector3 = [
    Math.floor(volume.size[0] / 2) - Math.floor(width / 2),
    Math.floor(volume.size[1] / 2) - Math.floor(height / 2),
    0,
  ];
  return box(volume, start, [width, height, volume.size[2]], value);
}

/** One scan from slices of equal size, in order. @throws ShapeError where a size differs or there is none. */
export function stackSlices(
  slices: readonly { readonly width: number; readonly height: number; readonly data: Float32Array }[],
  placement: Partial<Pick<Volume, 'spacing' | 'origin' | 'direction'>> = {},
): Volume {
  const { size, data } = stack(slices, (length) => new Float32Array(length));
  return createVolume(data, size, placement);
}

/** One label map from label images or masks of equal size. @throws ShapeError where a size differs or there is none. */
export function stackLabelSlices(
  slices: readonly { readonly width: number; readonly height: number; readonly data: Int32Array | Uint8Array }[],
  placement: Partial<Pick<LabelVolume, 'spacing' | 'origin' | 'direction'>> = {},
): LabelVolume {
  const { size, data } = stack(slices, (length) => new Int32Array(length));
  return createLabelVolume(data, size, placement);
}

function stack<D extends Float32Array | Int32Array>(
  slices: readonly { readonly width: number; readonly height: number; readonly data: ArrayLike<number> }[],
  create: (length: number) => D,
): { size: Vector3; data: D } {
  const first = slices[0];
  if (first === undefined) throw new ShapeError('a volume needs at least one slice.');
  const area = first.width * first.height;
  const data = create(area * slices.length);
  slices.forEach((slice, z) => {
    if (slice.width !== first.width || slice.height !== first.height || slice.data.length !== area) {
      throw new ShapeError(
        `slice ${z} is ${slice.width} x ${slice.height}, the first ${first.width} x ${first.height}.`,
      );
    }
    data.set(slice.data, z * area);
  });
  return { size: [first.width, first.height, slices.length], data };
}
