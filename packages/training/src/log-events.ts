/**
 * TensorBoard's event files: records framed as TFRecord does it, each an `Event` of `tensorflow/core/util/event.proto`
 * in protobuf's wire format. Only what scalars need is written.
 */

/** One step's scalars. */
export interface ScalarEvent {
  readonly step: number;
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly scalars: Readonly<Record<string, number>>;
}

/** The record every event file starts with. */
export function fileVersionRecord(wallTime: number): Uint8Array {
  return record(message([double(1, wallTime), text(3, 'brain.Event:2')]));
}

/** A step as a record to append. */
export function scalarRecord({ step, wallTime, scalars }: ScalarEvent): Uint8Array {
  const values = Object.entries(scalars).map(([tag, value]) => bytes(1, message([text(1, tag), float(2, value)])));
  return record(message([double(1, wallTime), integer(2, step), bytes(5, message(values))]));
}

/**
 * How many bytes of an event file belong to the steps up to one: everything before the first whole record of a later
 * step, or before a record that a kill cut short.
 */
export function bytesUntilStep(file: Uint8Array, step: number): number {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = 0;
  while (at + 16 <= file.length) {
    const length = view.getUint32(at, true);
    const sound =
      view.getUint32(at + 4, true) === 0 && view.getUint32(at + 8, true) === maskedCrc(file.subarray(at, at + 8));
    if (!sound || at + 16 + length > file.length) return at;
    const data = file.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 12 + length, true) !== maskedCrc(data) || stepOf(data) > step) return at;
    at += 16 + length;
  }
  return at;
}

/** The step of an event written here: fields come in the order of their numbers, the wall time first. */
function stepOf(event: Uint8Array): number {
  const wallTimeBytes = 9;
  if (event[wallTimeBytes] !== 2 << 3) return 0;
  let value = 0;
  for (let i = wallTimeBytes + 1, scale = 1; i < event.length; i++, scale *= 128) {
    value += (event[i]! & 127) * scale;
    if (event[i]! < 128) break;
  }
  return value;
}

function record(data: Uint8Array): Uint8Array {
  const result = new Uint8Array(data.length + 16);
  const view = new DataView(result.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, maskedCrc(result.subarray(0, 8)), true);
  result.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return result;
}

function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** CRC-32 with the polynomial of Castagnoli, which neither Node's zlib nor fflate has. */
export function crc32c(data: Uint8Array): number {
  let crc = ~0;
  for (const byte of data) crc = (crc >>> 8) ^ table[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}

const table = /* @__PURE__ */ Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  return crc;
});

function message(fields: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(fields.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const field of fields) {
    result.set(field, at);
    at += field.length;
  }
  return result;
}

const integer = (field: number, value: number): Uint8Array => Uint8Array.of(field << 3, ...varint(value));

function double(field: number, value: number): Uint8Array {
  const result = new Uint8Array(9);
  result[0] = (field << 3) | 1;
  new DataView(result.buffer).setFloat64(1, value, true);
  return result;
}

function float(field: number, value: number): Uint8Array {
  const result = new Uint8Array(5);
  result[0] = (field << 3) | 5;
  new DataView(result.buffer).setFloat32(1, value, true);
  return result;
}

const bytes = (field: number, value: Uint8Array): Uint8Array =>
  message([Uint8Array.of((field << 3) | 2, ...varint(value.length)), value]);

const text = (field: number, value: string): Uint8Array => bytes(field, new TextEncoder().encode(value));

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}
