/** An array read from a `.npy` file: C order, numbers in the file's own precision. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
  readonly dtype: string;
}

/** Reads one `.npy` file (version 1 to 3, little endian, C order; 64-bit integers and booleans are narrowed). */
export function parseNpy(bytes: Uint8Array): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[0] !== 0x93) throw new Error('not a .npy file');
  const long = bytes[6]! >= 2;
  const headerLength = long ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = (long ? 12 : 10) + headerLength;
  const header = new TextDecoder().decode(bytes.subarray(long ? 12 : 10, start));
  const dtype = /'descr':\s*'([^']+)'/.exec(header)![1]!;
  if (/'fortran_order':\s*True/.test(header)) throw new Error('Fortran order is not supported');
  const shape = [.../'shape':\s*\(([^)]*)\)/.exec(header)![1]!.matchAll(/\d+/g)].map((match) => Number(match[0]));
  // A copy, so that the numbers are aligned; slice() of a node Buffer would be a view of its pool.
  const body = new Uint8Array(bytes.subarray(start));
  const size = shape.reduce((product, extent) => product * extent, 1);
  switch (dtype) {
    case '<f4':
      return { shape, dtype, data: new Float32Array(body.buffer, 0, size) };
    case '<f8':
      return { shape, dtype, data: new Float64Array(body.buffer, 0, size) };
    case '<i4':
      return { shape, dtype, data: new Int32Array(body.buffer, 0, size) };
    case '<i8':
      return { shape, dtype, data: Int32Array.from(new BigInt64Array(body.buffer, 0, size), Number) };
    case '<i2':
      return { shape, dtype, data: Int32Array.from(new Int16Array(body.buffer, 0, size)) };
    case '<u2':
      return { shape, dtype, data: Int32Array.from(new Uint16Array(body.buffer, 0, size)) };
    case '|u1':
    case '|b1':
      return { shape, dtype, data: new Uint8Array(body.buffer, 0, size) };
    default:
      throw new Error(`unsupported dtype ${dtype}`);
  }
}
