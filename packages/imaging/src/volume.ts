import { InputError, ShapeError } from '@fsmr/core/errors';
import { checkVoxelCount, type Grid, identityDirection, type Vector3 } from './geometry.js';
import type { Image2D, LabelImage, Mask2D } from './image.js';

/** A scan: intensities on a grid. Voxel (x, y, z) is `data[x + size[0] * (y + size[1] * z)]`. */
export interface Volume extends Grid {
  readonly kind: 'image';
  readonly data: Float32Array;
}

/** What label voxels are kept in: the smallest of these that holds all values. */
export type LabelData = Uint8Array | Uint16Array | Int32Array;

/**
 * A label map: integers on a grid. Another type than {@link Volume}, so that no interpolation which makes new values
 * can be applied to it by mistake.
 */
export interface LabelVolume extends Grid {
  readonly kind: 'labels';
  readonly data: LabelData;
}

/** A volume whose voxels may be numbers of either kind. */
export type AnyVolume = Volume | LabelVolume;

type Placement = Partial<Omit<Grid, 'size'>>;

function place(size: Vector3, length: number, placement: Placement): Grid {
  checkVoxelCount(size, length);
  return {
    size,
    spacing: placement.spacing ?? [1, 1, 1],
    origin: placement.origin ?? [0, 0, 0],
    direction: placement.direction ?? identityDirection,
    ...(placement.unplaced === true ? { unplaced: true } : {}),
  };
}

/**
 * A scan from its intensities in the order x fastest, z slowest.
 * @throws ShapeError where data and size disagree.
 */
export function createVolume(data: Float32Array, size: Vector3, placement: Placement = {}): Volume {
  return { kind: 'image', data, ...place(size, data.length, placement) };
}

/**
 * A label map from its integers in the order x fastest, z slowest.
 * @throws ShapeError where data and size disagree.
 */
export function createLabelVolume(data: LabelData, size: Vector3, placement: Placement = {}): LabelVolume {
  return { kind: 'labels', data, ...place(size, data.length, placement) };
}

/** The grid of a volume without its voxels. */
export function gridOf(volume: Grid): Grid {
  const { size, spacing, origin, direction, unplaced } = volume;
  return { size, spacing, origin, direction, ...(unplaced === true ? { unplaced } : {}) };
}

function sliceRange(volume: Grid, z: number): [number, number] {
  if (!Number.isInteger(z) || z < 0 || z >= volume.size[2]) {
    throw new ShapeError(`slice ${z} does not exist, the volume has slices 0 to ${volume.size[2] - 1}.`);
  }
  const area = volume.size[0] * volume.size[1];
  return [z * area, (z + 1) * area];
}

/** The axial slice z as an image that shares the volume's memory. @throws ShapeError outside the volume. */
export function imageSlice(volume: Volume, z: number): Image2D {
  const data = volume.data.subarray(...sliceRange(volume, z));
  return { width: volume.size[0], height: volume.size[1], data };
}

/** The axial slice z of a label map, copied. @throws ShapeError outside the volume. */
export function labelSlice(volume: LabelVolume, z: number): LabelImage {
  const data = new Int32Array(volume.data.subarray(...sliceRange(volume, z)));
  return { width: volume.size[0], height: volume.size[1], data };
}

/** Where the axial slice z holds one label, as a 0/1 mask. @throws ShapeError outside the volume. */
export function maskSlice(volume: LabelVolume, z: number, label: number): Mask2D {
  const source = volume.data.subarray(...sliceRange(volume, z));
  const data = new Uint8Array(source.length);
  for (let i = 0; i < data.length; i++) data[i] = source[i] === label ? 1 : 0;
  return { width: volume.size[0], height: volume.size[1], data };
}

/**
 * Integers from numbers read as another type.
 *
 * @param values the voxels, in any numeric type.
 * @param details file and rater for the error.
 * @returns the smallest label type that holds them.
 * @throws InputError where a value is no integer of 32 bits.
 */
export function integerLabels(
  values: ArrayLike<number>,
  details: { readonly file?: string | undefined; readonly rater?: string | undefined } = {},
): LabelData {
  if (values instanceof Uint8Array) return values;
  let low = 0;
  let high = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    else if (value > high) high = value;
    if (!Number.isInteger(value)) {
      throw new InputError(`labels must be integers, found ${value} at voxel ${i}.`, {
        ...details,
        remedy: 'Give the label map, not an image or a probability map.',
      });
    }
  }
  if (low < -2147483648 || high > 2147483647) {
    throw new InputError(`labels must fit 32 bits, found ${low} to ${high}.`, details);
  }
  if (low >= 0 && high < 256) return new Uint8Array(values);
  if (low >= 0 && high < 65536) return values instanceof Uint16Array ? values : new Uint16Array(values);
  return values instanceof Int32Array ? values : new Int32Array(values);
}

/** The different labels of a map in ascending order. */
export function labelValues(data: ArrayLike<number>): number[] {
  const seen = new Set<number>();
  let last = Number.NaN;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (value !== last) {
      seen.add(value);
      last = value;
    }
  }
  return [...seen].sort((a, b) => a - b);
}
