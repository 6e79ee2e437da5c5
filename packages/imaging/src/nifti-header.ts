import { InputError } from '@fsmr/core/errors';
import { checkGrid, type Grid, type Vector3, voxelCount } from './geometry.js';
import { gridOfPlacement } from './nifti-geometry.js';
import { type NiftiType, scalarTypes, typeOfCode } from './nifti-types.js';
import type { ImageSource } from './png-read.js';

/** What a NIfTI header says, in the terms of this package. */
export interface NiftiHeader {
  readonly version: 1 | 2;
  /** True where the file's numbers have their low byte first. */
  readonly littleEndian: boolean;
  readonly type: NiftiType;
  /** Dimensions the file declares, 2 or 3 (more only where they are 1). */
  readonly dimensions: number;
  readonly grid: Grid;
  /** Stored values become `slope * value + intercept`. */
  readonly slope: number;
  readonly intercept: number;
  /** Where the voxels start in the unpacked file, and how many bytes they fill. */
  readonly dataOffset: number;
  readonly dataLength: number;
}

/** Bytes of the longer of the two headers. */
export const niftiHeaderBytes = 540;

const notNifti = (source: ImageSource): InputError =>
  new InputError('this is not a NIfTI file.', {
    ...source,
    remedy: 'Give a .nii or .nii.gz file; other formats can be converted, for instance with dcm2niix.',
  });

function versionOf(view: DataView, source: ImageSource): { version: 1 | 2; little: boolean } {
  for (const little of [true, false]) {
    if (view.byteLength < 348) break;
    const size = view.getInt32(0, little);
    if (size === 348) return { version: 1, little };
    if (size === 540 && view.byteLength >= 540) return { version: 2, little };
  }
  throw notNifti(source);
}

function checkMagic(view: DataView, version: 1 | 2, source: ImageSource): void {
  const at = version === 1 ? 344 : 4;
  const magic = String.fromCharCode(...[0, 1, 2].map((i) => view.getUint8(at + i)));
  if (magic === (version === 1 ? 'n+1' : 'n+2')) return;
  if (magic === 'ni1' || magic === 'ni2') {
    throw new InputError('header and voxels are in two files (.hdr and .img).', {
      ...source,
      remedy: 'Convert the pair to one .nii file.',
    });
  }
  throw notNifti(source);
}

const dimensionError = (dims: readonly number[], source: ImageSource): InputError => {
  const count = dims[0]!;
  const extents = dims.slice(1, Math.min(8, Math.max(1, count + 1))).join(' x ');
  return new InputError(`a volume of two or three dimensions is needed, this file has ${count}: ${extents}.`, {
    ...source,
    remedy: 'Extract one time point or channel into a file of its own.',
  });
};

function sizeOf(dims: readonly number[], source: ImageSource): { size: Vector3; dimensions: number } {
  const count = dims[0]!;
  if (count < 1 || count > 7) throw notNifti(source);
  if (count === 1 || dims.slice(4, count + 1).some((extent) => extent > 1)) throw dimensionError(dims, source);
  const size: Vector3 = [dims[1]!, dims[2]!, count >= 3 ? dims[3]! : 1];
  if (size.some((extent) => !(extent >= 1)) || !Number.isSafeInteger(voxelCount(size))) {
    throw new InputError(`the header's dimensions ${size.join(' x ')} make no volume.`, source);
  }
  return { size, dimensions: Math.min(count, 3) };
}

// Spatial units: metres, millimetres, micrometres; unknown counts as millimetres.
const millimetres = new Map([
  [1, 1000],
  [3, 0.001],
]);

/**
 * Reads a NIfTI-1 or NIfTI-2 header from the first bytes of an unpacked file. Allocates nothing of the header's size.
 *
 * @param bytes at least the header (348 or 540 bytes).
 * @param source file and rater for errors.
 * @throws InputError where it is no NIfTI header, declares an unusable type or size, or places voxels nowhere.
 */
export function parseNiftiHeader(bytes: Uint8Array, source: ImageSource = {}): NiftiHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { version, little } = versionOf(view, source);
  checkMagic(view, version, source);
  const one = version === 1;
  const i16 = (at: number): number => view.getInt16(at, little);
  const i32 = (at: number): number => view.getInt32(at, little);
  const i64 = (at: number): number => Number(view.getBigInt64(at, little));
  // NIfTI-2 widened every field; the two tables of offsets are those of the standards' header structs.
  const real = (at1: number, at2: number, index = 0): number =>
    one ? view.getFloat32(at1 + 4 * index, little) : view.getFloat64(at2 + 8 * index, little);
  const dims = Array.from({ length: 8 }, (_, axis) => (one ? i16(40 + 2 * axis) : i64(16 + 8 * axis)));
  const { size, dimensions } = sizeOf(dims, source);
  const code = i16(one ? 70 : 12);
  const type = typeOfCode(code);
  if (type === undefined) {
    throw new InputError(`voxels of NIfTI type ${code} are not plain numbers.`, {
      ...source,
      remedy: 'Save the volume as integers or floating point; colours and complex numbers cannot be used.',
    });
  }
  const dataOffset = one ? view.getFloat32(108, little) : i64(168);
  if (!Number.isInteger(dataOffset) || dataOffset < (one ? 348 : 540) || dataOffset > 2 ** 31) {
    throw new InputError(`the header places the voxels at byte ${dataOffset}.`, {
      ...source,
      remedy: 'Get the file again.',
    });
  }
  const units = one ? view.getUint8(123) & 7 : i32(500) & 7;
  const grid = gridOfPlacement(
    size,
    {
      pixdim: [0, 1, 2, 3].map((axis) => real(76, 104, axis)) as [number, number, number, number],
      qformCode: one ? i16(252) : i32(344),
      quaternion: [0, 1, 2].map((k) => real(256, 352, k)) as [number, number, number],
      qoffset: [0, 1, 2].map((k) => real(268, 376, k)) as unknown as Vector3,
      sformCode: one ? i16(254) : i32(348),
      sform: Array.from({ length: 12 }, (_, k) => real(280, 400, k)),
    },
    millimetres.get(units) ?? 1,
  );
  checkGrid(grid, source);
  const slope = real(112, 176);
  const intercept = real(116, 184);
  // A slope of zero, or one that is no number, means "not scaled".
  const scaled = Number.isFinite(slope) && slope !== 0 && Number.isFinite(intercept);
  return {
    version,
    littleEndian: little,
    type,
    dimensions,
    grid,
    slope: scaled ? slope : 1,
    intercept: scaled ? intercept : 0,
    dataOffset,
    dataLength: voxelCount(size) * scalarTypes[type].bytes,
  };
}
