/** The part of the protocol buffer wire format that ONNX files need: varints, floats, bytes and nested messages. */

/** One encoded field or a run of them; large arrays are kept as views and copied once, at the end. */
export type Chunk = Uint8Array;

const text = new TextEncoder();

/** A base-128 varint; negative numbers take their 64-bit two's complement, as int64 fields require. */
export function varint(value: number | bigint): Chunk {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

const tag = (field: number, wire: 0 | 2 | 5): Chunk => varint((field << 3) | wire);

/** An int64, int32 or enum field. */
export const integerField = (field: number, value: number | bigint): Chunk[] => [tag(field, 0), varint(value)];

/** A 32-bit float field. */
export const floatField = (field: number, value: number): Chunk[] => [tag(field, 5), floatBytes([value])];

/** A bytes field. */
export const bytesField = (field: number, value: Uint8Array): Chunk[] => [
  tag(field, 2),
  varint(value.byteLength),
  value,
];

/** A string field, UTF-8. */
export const stringField = (field: number, value: string): Chunk[] => bytesField(field, text.encode(value));

/** A nested message given by its own chunks. */
export const messageField = (field: number, chunks: readonly Chunk[]): Chunk[] => [
  tag(field, 2),
  varint(byteLength(chunks)),
  ...chunks,
];

/** Repeated numbers in packed form. */
export const packedIntegers = (field: number, values: readonly (number | bigint)[]): Chunk[] =>
  values.length === 0 ? [] : bytesField(field, concatenate(values.map(varint)));

/** Repeated floats in packed form. */
export const packedFloats = (field: number, values: readonly number[]): Chunk[] =>
  values.length === 0 ? [] : bytesField(field, floatBytes(values));

/** Little-endian 32-bit floats. */
function floatBytes(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => {
    view.setFloat32(index * 4, value, true);
  });
  return new Uint8Array(view.buffer);
}

const byteLength = (chunks: readonly Chunk[]): number => chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);

/** All chunks in one array. */
export function concatenate(chunks: readonly Chunk[]): Uint8Array {
  const bytes = new Uint8Array(byteLength(chunks));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
