import { rename, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';
import { ConfigError } from '@fsmr/core/errors';
import { type Grid, stepMatrix } from './geometry.js';
import { quaternionOf } from './nifti-geometry.js';
import { machineIsLittle, type NiftiType, scalarTypes } from './nifti-types.js';
import type { AnyVolume } from './volume.js';

/** How a volume is written. */
export interface WriteOptions {
  /** Float32 for scans and the labels' own type for label maps when absent. */
  readonly type?: NiftiType | undefined;
  /** 1 when absent, 2 where a side exceeds 32767 voxels. */
  readonly version?: 1 | 2 | undefined;
  /** Low byte first; true when absent. */
  readonly littleEndian?: boolean | undefined;
  /** Stored values are `(value - intercept) / slope`; 1 and 0 when absent. */
  readonly slope?: number | undefined;
  readonly intercept?: number | undefined;
  /** Declare two dimensions; only for volumes of one slice. */
  readonly dimensions?: 2 | 3 | undefined;
  /** Gzip level 1 to 9, 0 for a plain `.nii`. {@link writeNifti} takes it from the name. */
  readonly gzipLevel?: number | undefined;
}

interface HeaderFields {
  readonly grid: Grid;
  readonly type: NiftiType;
  readonly version: 1 | 2;
  readonly little: boolean;
  readonly slope: number;
  readonly intercept: number;
  readonly dimensions: 2 | 3;
}

const writer =
  (view: DataView, one: boolean, little: boolean) =>
  (at1: number, at2: number, values: readonly number[]): void => {
    values.forEach((value, k) => {
      if (one) view.setFloat32(at1 + 4 * k, value, little);
      else view.setFloat64(at2 + 8 * k, value, little);
    });
  };

function writeHeader(bytes: Uint8Array, fields: HeaderFields, dataOffset: number): void {
  const { grid, type, little, dimensions } = fields;
  const one = fields.version === 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const real = writer(view, one, little);
  const code = (at1: number, at2: number, value: number): void => {
    if (one) view.setInt16(at1, value, little);
    else view.setInt32(at2, value, little);
  };
  view.setInt32(0, one ? 348 : 540, little);
  bytes.set(one ? [0x6e, 0x2b, 0x31, 0] : [0x6e, 0x2b, 0x32, 0, 0x0d, 0x0a, 0x1a, 0x0a], one ? 344 : 4);
  [dimensions, ...grid.size, 1, 1, 1, 1].forEach((extent, axis) => {
    if (one) view.setInt16(40 + 2 * axis, extent, little);
    else view.setBigInt64(16 + 8 * axis, BigInt(extent), little);
  });
  view.setInt16(one ? 70 : 12, scalarTypes[type].code, little);
  view.setInt16(one ? 72 : 14, scalarTypes[type].bytes * 8, little);
  const rotation = quaternionOf(grid.direction);
  real(76, 104, [rotation?.handed ?? 1, ...grid.spacing, 0, 0, 0, 0]);
  if (one) view.setFloat32(108, dataOffset, little);
  else view.setBigInt64(168, BigInt(dataOffset), little);
  real(112, 176, [fields.slope, fields.intercept]);
  // Spatial unit 2: millimetres.
  if (one) view.setUint8(123, 2);
  else view.setInt32(500, 2, little);
  // Code 1: scanner coordinates, 0: unknown.
  code(252, 344, rotation === undefined || grid.unplaced === true ? 0 : 1);
  real(256, 352, [...(rotation?.quaternion ?? [0, 0, 0]), ...grid.origin]);
  code(254, 348, grid.unplaced === true ? 0 : 1);
  const m = stepMatrix(grid);
  const [x, y, z] = grid.origin;
  real(280, 400, [m[0], m[1], m[2], x, m[3], m[4], m[5], y, m[6], m[7], m[8], z]);
}

function encodeVoxels(bytes: Uint8Array, offset: number, data: AnyVolume['data'], fields: HeaderFields): void {
  const scalar = scalarTypes[fields.type];
  const { slope, intercept, little } = fields;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const plain = slope === 1 && intercept === 0;
  if (plain && little === machineIsLittle && fields.type === typeOf(data)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    return;
  }
  for (let i = 0; i < data.length; i++) {
    let value = plain ? data[i]! : (data[i]! - intercept) / slope;
    if (scalar.range !== undefined) {
      value = Math.round(value);
      if (!(value >= scalar.range[0] && value <= scalar.range[1])) {
        throw new ConfigError(`the value ${data[i]} does not fit ${fields.type}.`, {
          remedy: 'Choose a wider type, or a slope and intercept.',
        });
      }
    }
    scalar.write(view, offset + i * scalar.bytes, value, little);
  }
}

function typeOf(data: AnyVolume['data']): NiftiType {
  if (data instanceof Uint8Array) return 'uint8';
  if (data instanceof Uint16Array) return 'uint16';
  return data instanceof Int32Array ? 'int32' : 'float32';
}

function encodePlain(volume: AnyVolume, options: WriteOptions): Uint8Array {
  const { size } = volume;
  const version = options.version ?? (Math.max(...size) > 32767 ? 2 : 1);
  const dimensions = options.dimensions ?? 3;
  if (dimensions === 2 && size[2] !== 1) {
    throw new ConfigError(`a volume of ${size[2]} slices cannot be written with two dimensions.`);
  }
  if (version === 1 && Math.max(...size) > 32767) {
    throw new ConfigError(`NIfTI-1 holds at most 32767 voxels a side, found ${size.join(' x ')}.`);
  }
  const fields: HeaderFields = {
    grid: volume,
    type: options.type ?? typeOf(volume.data),
    version,
    little: options.littleEndian ?? true,
    slope: options.slope ?? 1,
    intercept: options.intercept ?? 0,
    dimensions,
  };
  const offset = version === 1 ? 352 : 544;
  const bytes = new Uint8Array(offset + volume.data.length * scalarTypes[fields.type].bytes);
  writeHeader(bytes, fields, offset);
  encodeVoxels(bytes, offset, volume.data, fields);
  return bytes;
}

/**
 * The bytes of a `.nii` file, or of a `.nii.gz` file where a gzip level is given. Both sform and qform are written.
 * The same volume gives the same bytes on every run.
 *
 * @throws ConfigError where a value does not fit the type.
 */
export function encodeNifti(volume: AnyVolume, options: WriteOptions = {}): Uint8Array {
  const bytes = encodePlain(volume, options);
  const level = options.gzipLevel ?? 0;
  return level === 0 ? bytes : new Uint8Array(gzipSync(bytes, { level }));
}

const gzipAsync = promisify<Uint8Array, { level: number; chunkSize: number }, Uint8Array>(gzip);

/**
 * Writes a volume as `.nii`, or gzipped (level 1 when absent, off the main thread) where the name ends in `.gz`.
 * The file appears whole or not at all.
 *
 * @throws ConfigError where a value does not fit the type.
 */
export async function writeNifti(path: string, volume: AnyVolume, options: WriteOptions = {}): Promise<void> {
  const plain = encodePlain(volume, options);
  const level = options.gzipLevel ?? (path.endsWith('.gz') ? 1 : 0);
  const bytes = level === 0 ? plain : await gzipAsync(plain, { level, chunkSize: 1 << 20 });
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
}
