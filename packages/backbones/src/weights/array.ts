import { WeightsError } from '@fsmr/core';

/**
 * The elements of an array: floats of every precision as float32, whole numbers and truths as int32, those of 64 bits
 * and of 32 without sign as float64, which is exact to 2^53.
 */
export type Elements = Float32Array | Int32Array | Float64Array;

/** One array of a weights file. */
export interface WeightArray {
  readonly shape: readonly number[];
  readonly data: Elements;
}

/** The arrays of a weights file by name, in the file's own layout (torch: kernels [out, in, kh, kw]). */
export type Weights = ReadonlyMap<string, WeightArray>;

/** How an element type is stored. */
export interface ElementType {
  readonly bytes: number;
  readonly elements: new (length: number) => Elements;
  /** The element at a byte offset, little endian. */
  readonly read: (view: DataView, offset: number) => number;
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const word = new DataView(new ArrayBuffer(4));

function bfloatToNumber(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

/** Every element type our formats store. */
export const elementTypes = {
  float64: { bytes: 8, elements: Float32Array, read: (view, at) => view.getFloat64(at, true) },
  float32: { bytes: 4, elements: Float32Array, read: (view, at) => view.getFloat32(at, true) },
  float16: { bytes: 2, elements: Float32Array, read: (view, at) => halfToNumber(view.getUint16(at, true)) },
  bfloat16: { bytes: 2, elements: Float32Array, read: (view, at) => bfloatToNumber(view.getUint16(at, true)) },
  int64: { bytes: 8, elements: Float64Array, read: (view, at) => Number(view.getBigInt64(at, true)) },
  uint64: { bytes: 8, elements: Float64Array, read: (view, at) => Number(view.getBigUint64(at, true)) },
  int32: { bytes: 4, elements: Int32Array, read: (view, at) => view.getInt32(at, true) },
  uint32: { bytes: 4, elements: Float64Array, read: (view, at) => view.getUint32(at, true) },
  int16: { bytes: 2, elements: Int32Array, read: (view, at) => view.getInt16(at, true) },
  uint16: { bytes: 2, elements: Int32Array, read: (view, at) => view.getUint16(at, true) },
  int8: { bytes: 1, elements: Int32Array, read: (view, at) => view.getInt8(at) },
  uint8: { bytes: 1, elements: Int32Array, read: (view, at) => view.getUint8(at) },
  bool: { bytes: 1, elements: Int32Array, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
} as const satisfies Record<string, ElementType>;

/** The name of an element type. */
export type ElementTypeName = keyof typeof elementTypes;

/** The number of elements of a shape. @throws WeightsError for negative, broken or unbelievable extents. */
export function elementCount(shape: readonly number[], what: string): number {
  let count = 1;
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || extent < 0)
      throw new WeightsError(`${what} has the impossible shape [${shape}].`);
    count *= extent;
  }
  if (count > 2 ** 31) throw new WeightsError(`${what} of shape [${shape}] is too large.`);
  return count;
}

/** The elements of a contiguous little-endian block; a view of it, not a copy, where it is aligned float32. */
export function readElements(bytes: Uint8Array, name: ElementTypeName, count: number): Elements {
  const type: ElementType = elementTypes[name];
  if (bytes.byteLength < count * type.bytes) {
    throw new WeightsError(
      `${count} elements need ${count * type.bytes} bytes, but only ${bytes.byteLength} are there.`,
    );
  }
  if (name === 'float32' && bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const result = new type.elements(count);
  for (let i = 0; i < count; i++) result[i] = type.read(view, i * type.bytes);
  return result;
}

/** What any machine has to spare, bytes: arrays of zeros or few values may be packed far below a sixteenth of their size. */
const harmless = 2 ** 28;

/**
 * Counts the bytes a file asks for, so that a small hostile file cannot ask for a large memory: views that repeat
 * elements and entries that share them are cheap to write.
 */
export function memoryBudget(fileBytes: number): (bytes: number) => void {
  let left = Math.max(16 * fileBytes, harmless);
  return (bytes) => {
    left -= bytes;
    if (left < 0) throw new WeightsError('the arrays are far larger than the file that describes them.');
  };
}
