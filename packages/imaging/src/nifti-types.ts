/** The scalar types a NIfTI file can hold, by the names numpy gives them. */
export type NiftiType =
  | 'uint8'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float32'
  | 'float64';

/** One scalar type: its code in the header, its width, and how one value is read and written. */
export interface ScalarType {
  readonly code: number;
  readonly bytes: number;
  /** The least and greatest integer, absent for floating point. */
  readonly range?: readonly [number, number];
  readonly read: (view: DataView, offset: number, little: boolean) => number;
  readonly write: (view: DataView, offset: number, value: number, little: boolean) => void;
  /** The typed array with the same layout on this machine, where one exists. */
  readonly array?: new (
    buffer: ArrayBufferLike,
    offset: number,
    length: number,
  ) => ArrayLike<number> & ArrayBufferView;
}

/** Every scalar type by name. 64-bit integers lose precision beyond 2^53, as every float does. */
export const scalarTypes: Record<NiftiType, ScalarType> = {
  uint8: {
    code: 2,
    bytes: 1,
    range: [0, 255],
    read: (view, offset) => view.getUint8(offset),
    write: (view, offset, value) => view.setUint8(offset, value),
    array: Uint8Array,
  },
  int8: {
    code: 256,
    bytes: 1,
    range: [-128, 127],
    read: (view, offset) => view.getInt8(offset),
    write: (view, offset, value) => view.setInt8(offset, value),
    array: Int8Array,
  },
  int16: {
    code: 4,
    bytes: 2,
    range: [-32768, 32767],
    read: (view, offset, little) => view.getInt16(offset, little),
    write: (view, offset, value, little) => view.setInt16(offset, value, little),
    array: Int16Array,
  },
  uint16: {
    code: 512,
    bytes: 2,
    range: [0, 65535],
    read: (view, offset, little) => view.getUint16(offset, little),
    write: (view, offset, value, little) => view.setUint16(offset, value, little),
    array: Uint16Array,
  },
  int32: {
    code: 8,
    bytes: 4,
    range: [-2147483648, 2147483647],
    read: (view, offset, little) => view.getInt32(offset, little),
    write: (view, offset, value, little) => view.setInt32(offset, value, little),
    array: Int32Array,
  },
  uint32: {
    code: 768,
    bytes: 4,
    range: [0, 4294967295],
    read: (view, offset, little) => view.getUint32(offset, little),
    write: (view, offset, value, little) => view.setUint32(offset, value, little),
    array: Uint32Array,
  },
  int64: {
    code: 1024,
    bytes: 8,
    range: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    read: (view, offset, little) => Number(view.getBigInt64(offset, little)),
    write: (view, offset, value, little) => view.setBigInt64(offset, BigInt(value), little),
  },
  uint64: {
    code: 1280,
    bytes: 8,
    range: [0, Number.MAX_SAFE_INTEGER],
    read: (view, offset, little) => Number(view.getBigUint64(offset, little)),
    write: (view, offset, value, little) => view.setBigUint64(offset, BigInt(value), little),
  },
  float32: {
    code: 16,
    bytes: 4,
    read: (view, offset, little) => view.getFloat32(offset, little),
    write: (view, offset, value, little) => view.setFloat32(offset, value, little),
    array: Float32Array,
  },
  float64: {
    code: 64,
    bytes: 8,
    read: (view, offset, little) => view.getFloat64(offset, little),
    write: (view, offset, value, little) => view.setFloat64(offset, value, little),
    array: Float64Array,
  },
};

/** The name of a type by its code in the header, or undefined for colours, complex numbers and the like. */
export function typeOfCode(code: number): NiftiType | undefined {
  return (Object.keys(scalarTypes) as NiftiType[]).find((name) => scalarTypes[name].code === code);
}

/** Whether this machine keeps the low byte first. */
export const machineIsLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * The values of one type from bytes, in a plain array of numbers. Where the layout is the machine's own, the result
 * shares the bytes' memory or is one plain copy.
 *
 * The caller has checked that `offset + count * width` bytes exist.
 */
export function decodeScalars(
  bytes: Uint8Array,
  offset: number,
  count: number,
  type: NiftiType,
  little: boolean,
): ArrayLike<number> {
  const scalar = scalarTypes[type];
  if (scalar.array !== undefined && (scalar.bytes === 1 || little === machineIsLittle)) {
    const start = bytes.byteOffset + offset;
    if (start % scalar.bytes === 0) return new scalar.array(bytes.buffer, start, count);
    // A fresh array and not slice(), which on a Buffer would share the memory.
    const copy = new Uint8Array(count * scalar.bytes);
    copy.set(bytes.subarray(offset, offset + copy.length));
    return new scalar.array(copy.buffer, 0, count);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = scalar.read(view, offset + i * scalar.bytes, little);
  return values;
}
