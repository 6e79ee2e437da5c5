import { readFile } from 'node:fs/promises';
import { InputError } from '@fsmr/core';
import { type Grid, voxelCount } from './geometry.js';
import { gunzipExactly, gunzipExactlyAsync, gunzipStart, isGzip } from './gzip.js';
import { type NiftiHeader, niftiHeaderBytes, parseNiftiHeader } from './nifti-header.js';
import { decodeScalars } from './nifti-types.js';
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

function checkDimensions(header: NiftiHeader, options: ReadOptions): void {
  if (header.dimensions >= 3 || options.allow2D === true) return;
  const [x, y] = header.grid.size;
  throw new InputError(`three dimensions are needed, this file has two: ${x} x ${y}.`, {
    file: options.file,
    rater: options.rater,
    remedy: 'Allow two dimensions where a single slice is meant.',
  });
}

function valuesOf(bytes: Uint8Array, header: NiftiHeader, options: ReadOptions): ArrayLike<number> {
  const needed = header.dataOffset + header.dataLength;
  if (bytes.length < needed) {
    const voxels = voxelCount(header.grid.size);
    throw new InputError(
      `the header promises ${voxels} voxels (${needed} bytes with the header), the file holds ${bytes.length} bytes.`,
      { file: options.file, rater: options.rater, remedy: 'The file was cut short; get it again.' },
    );
  }
  return decodeScalars(bytes, header.dataOffset, voxelCount(header.grid.size), header.type, header.littleEndian);
}

function scaleToFloat(values: ArrayLike<number>, header: NiftiHeader, options: ReadOptions): Float32Array {
  const { slope, intercept } = header;
  const data = new Float32Array(values.length);
  for (let i = 0; i < data.length; i++) {
    const value = slope * values[i]! + intercept;
    if (Number.isFinite(value)) {
      data[i] = value;
    } else if (options.nonFinite !== 'zero') {
      throw new InputError(`voxel ${i} is ${value}, every voxel must be a finite number.`, {
        file: options.file,
        remedy: 'Repair the file, or read such voxels as 0 (nonFinite: "zero").',
      });
    }
  }
  return data;
}

function labelsOf(values: ArrayLike<number>, header: NiftiHeader, options: ReadOptions): LabelVolume {
  const details = { file: options.file, rater: options.rater };
  const { slope, intercept } = header;
  if (slope === 1 && intercept === 0) return createLabelVolume(integerLabels(values, details), ...placed(header.grid));
  const scaled = new Float64Array(values.length);
  for (let i = 0; i < scaled.length; i++) scaled[i] = slope * values[i]! + intercept;
  return createLabelVolume(integerLabels(scaled, details), ...placed(header.grid));
}

const placed = (grid: Grid): [Grid['size'], Grid] => [grid.size, grid];

/** The header of an unpacked or gzipped file, looking at its start only. */
function headerOf(bytes: Uint8Array, options: ReadOptions): NiftiHeader {
  const start = isGzip(bytes)
    ? gunzipStart(bytes, niftiHeaderBytes, options.file)
    : bytes.subarray(0, niftiHeaderBytes);
  const header = parseNiftiHeader(start, options.file);
  checkDimensions(header, options);
  return header;
}

function unpacked(bytes: Uint8Array, header: NiftiHeader, options: ReadOptions): Uint8Array {
  return isGzip(bytes) ? gunzipExactly(bytes, header.dataOffset + header.dataLength, options.file) : bytes;
}

/**
 * The scan in the bytes of a `.nii` or `.nii.gz` file (NIfTI-1 or -2, any scalar type, either byte order), scaled by
 * the header's slope and intercept.
 *
 * @throws InputError for anything that is no such file, is truncated, or holds voxels that are not finite; nothing
 * larger than the file can justify is allocated before.
 */
export function decodeNifti(bytes: Uint8Array, options: ReadOptions = {}): Volume {
  const header = headerOf(bytes, options);
  const values = valuesOf(unpacked(bytes, header, options), header, options);
  return createVolume(scaleToFloat(values, header, options), ...placed(header.grid));
}

/**
 * The label map in the bytes of a `.nii` or `.nii.gz` file.
 * @throws InputError as {@link decodeNifti}, and where a voxel is no integer.
 */
export function decodeNiftiLabels(bytes: Uint8Array, options: ReadOptions = {}): LabelVolume {
  const header = headerOf(bytes, options);
  return labelsOf(valuesOf(unpacked(bytes, header, options), header, options), header, options);
}

/** Reads a file's bytes. @throws InputError naming the file where it cannot be read. */
export async function readBytes(path: string, rater?: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const missing = (cause as { code?: string }).code === 'ENOENT';
    throw new InputError(missing ? 'there is no such file.' : 'the file cannot be read.', {
      file: path,
      rater,
      cause,
      remedy: missing ? 'Check the path.' : 'Check its permissions.',
    });
  }
}

async function load(path: string, options: ReadOptions): Promise<{ header: NiftiHeader; values: ArrayLike<number> }> {
  const bytes = await readBytes(path, options.rater);
  const header = headerOf(bytes, options);
  const length = header.dataOffset + header.dataLength;
  const plain = isGzip(bytes) ? await gunzipExactlyAsync(bytes, length, options.file) : bytes;
  return { header, values: valuesOf(plain, header, options) };
}

/** Reads a scan from a `.nii` or `.nii.gz` file; unpacking runs off the main thread. @throws InputError see {@link decodeNifti} */
export async function readNifti(path: string, options: ReadOptions = {}): Promise<Volume> {
  const named = { file: path, ...options };
  const { header, values } = await load(path, named);
  return createVolume(scaleToFloat(values, header, named), ...placed(header.grid));
}

/** Reads a label map from a `.nii` or `.nii.gz` file. @throws InputError see {@link decodeNiftiLabels} */
export async function readNiftiLabels(path: string, options: ReadOptions = {}): Promise<LabelVolume> {
  const named = { file: path, ...options };
  const { header, values } = await load(path, named);
  return labelsOf(values, header, named);
}

/** Reads the header of a `.nii` or `.nii.gz` file. @throws InputError where it is none. */
export async function readNiftiHeader(path: string): Promise<NiftiHeader> {
  const bytes = await readBytes(path);
  const start = isGzip(bytes) ? gunzipStart(bytes, niftiHeaderBytes, path) : bytes.subarray(0, niftiHeaderBytes);
  return parseNiftiHeader(start, path);
}
