import { gunzipExactly, gunzipExactlyAsync, gunzipStart, isGzip } from './gzip.js';
import { type NiftiHeader, niftiHeaderBytes, parseNiftiHeader } from './nifti-header.js';
import type { ImageSource } from './png-read.js';
import { readBytes } from './read-bytes.js';
import type { LabelVolume, Volume } from './volume.js';
import { checkDimensions, labelsOf, type ReadOptions, scanOf, storedValues } from './voxels.js';

function startOf(bytes: Uint8Array, source: ImageSource): Uint8Array {
  return isGzip(bytes) ? gunzipStart(bytes, niftiHeaderBytes, source) : bytes.subarray(0, niftiHeaderBytes);
}

/** The header of an unpacked or gzipped file, looking at its start only. */
function headerOf(bytes: Uint8Array, options: ReadOptions): NiftiHeader {
  const header = parseNiftiHeader(startOf(bytes, options), options);
  checkDimensions(header, options);
  return header;
}

function valuesOf(bytes: Uint8Array, header: NiftiHeader, options: ReadOptions): ArrayLike<number> {
  const length = header.dataOffset + header.dataLength;
  const plain = isGzip(bytes) ? gunzipExactly(bytes, length, options) : bytes;
  return storedValues(plain, header.dataOffset, header, options);
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
  return scanOf(valuesOf(bytes, header, options), header, options);
}

/**
 * The label map in the bytes of a `.nii` or `.nii.gz` file.
 * @throws InputError as {@link decodeNifti}, and where a voxel is no integer.
 */
export function decodeNiftiLabels(bytes: Uint8Array, options: ReadOptions = {}): LabelVolume {
  const header = headerOf(bytes, options);
  return labelsOf(valuesOf(bytes, header, options), header, options);
}

async function load(path: string, options: ReadOptions): Promise<{ header: NiftiHeader; values: ArrayLike<number> }> {
  const bytes = await readBytes(path, options.rater);
  const header = headerOf(bytes, options);
  const length = header.dataOffset + header.dataLength;
  const plain = isGzip(bytes) ? await gunzipExactlyAsync(bytes, length, options) : bytes;
  return { header, values: storedValues(plain, header.dataOffset, header, options) };
}

/** Reads a scan from a `.nii` or `.nii.gz` file, unpacking off the main thread. @throws InputError see {@link decodeNifti} */
export async function readNifti(path: string, options: ReadOptions = {}): Promise<Volume> {
  const named = { file: path, ...options };
  const { header, values } = await load(path, named);
  return scanOf(values, header, named);
}

/** Reads a label map from a `.nii` or `.nii.gz` file. @throws InputError see {@link decodeNiftiLabels} */
export async function readNiftiLabels(path: string, options: ReadOptions = {}): Promise<LabelVolume> {
  const named = { file: path, ...options };
  const { header, values } = await load(path, named);
  return labelsOf(values, header, named);
}

/** Reads the header of a `.nii` or `.nii.gz` file. @throws InputError where it is none. */
export async function readNiftiHeader(path: string): Promise<NiftiHeader> {
  return parseNiftiHeader(startOf(await readBytes(path), { file: path }), { file: path });
}
