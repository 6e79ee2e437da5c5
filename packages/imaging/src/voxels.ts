import { InputError } from '@fsmr/core/errors';
import { type Grid, voxelCount } from './geometry.js';
import { decodeScalars, type NiftiType, scalarTypes } from './nifti-types.js';
import { createLabelVolume, createVolume, integerLabels, type LabelVolume, type Volume } from './volume.js';

/** How a volume is read. */
export interface ReadOptions {
  /** The file's name for errors. */
  readonly file?: string | undefined;
  /** The rater whose labels these are, for errors. */
  readonly rater?: string | undefined;
  /** Take a two-dimensional file as a volume of one slice; it is refused when absent. */
  readonly allow2D?: boolean | undefined;
  /** What to do with NaN and infinite voxels: refuse the file (default), or take them as 0. */
  readonly nonFinite?: 'refuse' | 'zero' | undefined;
}

/** What a header says about voxels, whatever the format. */
export interface VoxelHeader {
  readonly grid: Grid;
  /** Dimensions the file declares: 2 or 3. */
  readonly dimensions: number;
  readonly type: NiftiType;
  readonly littleEndian: boolean;
  /** Stored values become `slope * value + intercept`. */
  readonly slope: number;
  readonly intercept: number;
}

/** Refuses two dimensions where three are needed. @throws InputError */
export function checkDimensions(header: VoxelHeader, options: ReadOptions): void {
  if (header.dimensions >= 3 || options.allow2D === true) return;
  const [x, y] = header.grid.size;
  throw new InputError(`three dimensions are needed, this file has two: ${x} x ${y}.`, {
    file: options.file,
    rater: options.rater,
    remedy: 'Save it as a volume of one slice, or read it as one (allow2D).',
  });
}

/** The stored numbers of a file, not yet scaled. @throws InputError where the file holds too few bytes. */
export function storedValues(
  bytes: Uint8Array,
  offset: number,
  header: VoxelHeader,
  options: ReadOptions,
): ArrayLike<number> {
  const voxels = voxelCount(header.grid.size);
  const needed = voxels * scalarTypes[header.type].bytes;
  const found = Math.max(0, bytes.length - offset);
  if (found < needed) {
    throw new InputError(`the header promises ${voxels} voxels in ${needed} bytes, the file holds ${found} bytes.`, {
      file: options.file,
      rater: options.rater,
      remedy: 'The file was cut short; get it again.',
    });
  }
  return decodeScalars(bytes, offset, voxels, header.type, header.littleEndian);
}

/** A scan from stored numbers. @throws InputError where a voxel is not finite. */
export function scanOf(values: ArrayLike<number>, header: VoxelHeader, options: ReadOptions): Volume {
  const { slope, intercept } = header;
  const data = new Float32Array(values);
  // Integers as stored need no second look.
  if (slope === 1 && intercept === 0 && scalarTypes[header.type].range !== undefined) {
    return createVolume(data, header.grid.size, header.grid);
  }
  for (let i = 0; i < data.length; i++) {
    const value = slope * values[i]! + intercept;
    data[i] = value;
    // Checked after rounding: a double may overflow single precision.
    if (Number.isFinite(data[i]!)) continue;
    if (options.nonFinite !== 'zero') {
      throw new InputError(`voxel ${i} is ${value}, every voxel must be a finite number.`, {
        file: options.file,
        remedy: 'Repair the file, or read such voxels as 0 (nonFinite: "zero").',
      });
    }
    data[i] = 0;
  }
  return createVolume(data, header.grid.size, header.grid);
}

/** A label map from stored numbers. @throws InputError where a voxel is no integer. */
export function labelsOf(values: ArrayLike<number>, header: VoxelHeader, options: ReadOptions): LabelVolume {
  const details = { file: options.file, rater: options.rater };
  const { slope, intercept, grid } = header;
  if (slope === 1 && intercept === 0) return createLabelVolume(integerLabels(values, details), grid.size, grid);
  const scaled = new Float64Array(values.length);
  for (let i = 0; i < scaled.length; i++) {
    const value = slope * values[i]! + intercept;
    const label = Math.round(value);
    // A header holds the slope in single precision, so 255 * (1 / 255) is 1.00000006.
    scaled[i] = Math.abs(value - label) <= 1e-6 * Math.max(1, Math.abs(value)) ? label : value;
  }
  return createLabelVolume(integerLabels(scaled, details), grid.size, grid);
}
