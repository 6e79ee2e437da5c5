import { crc32, inflateRawSync } from 'node:zlib';
import { WeightsError } from '@fsmr/core';
import { memoryBudget } from './array.js';

/** One file of an archive. */
interface Entry {
  readonly method: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
  readonly header: number;
}

/** An archive whose directory has been read and whose files are read on demand. */
export interface ZipArchive {
  readonly names: readonly string[];
  /** The bytes of a file; a view where it is stored. @throws WeightsError where it is absent or damaged. */
  read(name: string): Uint8Array;
}

const endSize = 22;

/** Whether bytes start as an archive does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

/**
 * Reads the directory of a ZIP archive (stored and deflated files, with the 64-bit extension).
 *
 * @throws WeightsError for a damaged archive; every length is checked against the bytes that are there.
 */
export function openZip(bytes: Uint8Array): ZipArchive {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = readDirectory(bytes, view);
  const charge = memoryBudget(bytes.length);
  return {
    names: [...entries.keys()],
    read(name) {
      const entry = entries.get(name);
      if (entry === undefined) throw new WeightsError(`the archive has no file ${name}.`);
      if (entry.method !== 0) charge(entry.size);
      return readEntry(bytes, view, name, entry);
    },
  };
}

function fail(fault: string): never {
  throw new WeightsError(`the archive is damaged: ${fault}.`, { remedy: 'Fetch or save the file again.' });
}

function readDirectory(bytes: Uint8Array, view: DataView): Map<string, Entry> {
  const { count, start } = findDirectory(bytes, view);
  const entries = new Map<string, Entry>();
  let at = start;
  for (let index = 0; index < count; index++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) fail('its directory ends early');
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > bytes.length) fail('its directory ends early');
    if (view.getUint16(at + 8, true) & 1) fail('its files are encrypted');
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (entries.has(name)) fail(`it holds ${name} twice`);
    const [size, compressed, header] = longSizes(view, at, at + 46 + nameLength, extraLength);
    entries.set(name, {
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      compressed,
      size,
      header,
    });
    at = next;
  }
  return entries;
}

function findDirectory(bytes: Uint8Array, view: DataView): { count: number; start: number } {
  const lowest = Math.max(0, bytes.length - endSize - 65535);
  let end = bytes.length - endSize;
  while (end >= lowest && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < lowest) fail('it has no directory');
  const count = view.getUint16(end + 10, true);
  const start = view.getUint32(end + 16, true);
  if (count !== 0xffff && start !== 0xffffffff) return { count, start };
  // The 64-bit directory end, found through its locator just before the short one.
  if (end < 20 || view.getUint32(end - 20, true) !== 0x07064b50) return { count, start };
  const long = safe(view.getBigUint64(end - 12, true));
  if (long + 56 > bytes.length || view.getUint32(long, true) !== 0x06064b50) fail('its long directory is missing');
  return { count: safe(view.getBigUint64(long + 32, true)), start: safe(view.getBigUint64(long + 48, true)) };
}

function safe(value: bigint): number {
  if (value > 2n ** 48n) fail('a length is impossible');
  return Number(value);
}

/** Size, compressed size and header offset, from the 64-bit extra field where the short ones are all ones. */
function longSizes(view: DataView, at: number, extra: number, extraLength: number): [number, number, number] {
  const short = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  if (!short.includes(0xffffffff)) return short as [number, number, number];
  const end = extra + extraLength;
  for (let field = extra; field + 4 <= end; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) !== 1) continue;
    let value = field + 4;
    return short.map((length) => {
      if (length !== 0xffffffff) return length;
      if (value + 8 > end) fail('a 64-bit length is missing');
      value += 8;
      return safe(view.getBigUint64(value - 8, true));
    }) as [number, number, number];
  }
  return short as [number, number, number];
}

function readEntry(bytes: Uint8Array, view: DataView, name: string, entry: Entry): Uint8Array {
  const { header, compressed, size, method, crc } = entry;
  if (header + 30 > bytes.length || view.getUint32(header, true) !== 0x04034b50)
    fail(`${name} is not where it should be`);
  const start = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
  if (start + compressed > bytes.length) fail(`${name} ends early`);
  const body = bytes.subarray(start, start + compressed);
  const data = method === 0 ? body : inflate(body, size, method, name);
  if (data.length !== size) fail(`${name} has ${data.length} bytes instead of ${size}`);
  if (crc32(data) !== crc) fail(`the checksum of ${name} is wrong`);
  return data;
}

function inflate(body: Uint8Array, size: number, method: number, name: string): Uint8Array {
  if (method !== 8) fail(`${name} is compressed in an unknown way (${method})`);
  // Deflate cannot shrink more than about 1032 times.
  if (size > 1040 * body.length + 64) fail(`${name} claims an impossible size`);
  try {
    const data = inflateRawSync(body, { maxOutputLength: Math.max(size, 1) });
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  } catch (cause) {
    throw new WeightsError(`the archive is damaged: ${name} cannot be unpacked.`, { cause });
  }
}
