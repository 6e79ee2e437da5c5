import { WeightsError } from '@fsmr/core';
import {
  type ElementTypeName,
  elementCount,
  elementTypes,
  memoryBudget,
  readElements,
  type WeightArray,
  type Weights,
} from './array.js';

const codes: Readonly<Record<string, ElementTypeName>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  U64: 'uint64',
  I32: 'int32',
  U32: 'uint32',
  I16: 'int16',
  U16: 'uint16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
};

const maximumHeader = 100_000_000;

/** The arrays of a safetensors file and the text stored with them. */
export interface SafetensorsFile {
  readonly weights: Weights;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Whether bytes start as a safetensors file does: a length, then a JSON object. */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes.length > 8 && bytes[8] === 0x7b && bytes[6] === 0 && bytes[7] === 0;
}

/** Where an array lies, in bytes after the header. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly type: ElementTypeName;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** What the header of a safetensors file says. */
export interface SafetensorsIndex {
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** The length of the header that follows the first 8 bytes. @throws WeightsError where the file is shorter. */
export function headerLength(start: Uint8Array, fileBytes: number): number {
  if (fileBytes < 8) fail('it is too short');
  const length = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(maximumHeader) || length > BigInt(fileBytes - 8)) fail('its header is longer than the file');
  return Number(length);
}

/** Reads a header. @param available bytes after it. @throws WeightsError where they do not fit one another. */
export function parseIndex(header: Uint8Array, available: number): SafetensorsIndex {
  const { __metadata__: text, ...described } = parseHeader(header);
  const entries = Object.entries(described).map(([name, entry]) => checkEntry(name, entry, available));
  let filled = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== filled) fail(`${name} leaves a gap or overlaps its neighbour`);
    filled = end;
  }
  if (filled !== available) fail(`its arrays take ${filled} bytes, but ${available} are there`);
  return { entries, metadata: checkMetadata(text) };
}

/**
 * Reads a safetensors file. The arrays must fill the file without gaps or overlap, as the format demands.
 *
 * @throws WeightsError for a damaged file.
 * @see github.com/huggingface/safetensors, section Format.
 */
export function parseSafetensors(bytes: Uint8Array): SafetensorsFile {
  const length = headerLength(bytes, bytes.length);
  const body = bytes.subarray(8 + length);
  const { entries, metadata } = parseIndex(bytes.subarray(8, 8 + length), body.length);
  const charge = memoryBudget(bytes.length);
  const weights = new Map<string, WeightArray>();
  for (const { name, type, shape, begin, end } of entries) {
    const count = elementCount(shape, name);
    charge(4 * count);
    weights.set(name, { shape, data: readElements(body.subarray(begin, end), type, count) });
  }
  return { weights, metadata };
}

function fail(fault: string, cause?: unknown): never {
  throw new WeightsError(`the safetensors file is damaged: ${fault}.`, {
    remedy: 'Fetch or save the file again.',
    cause,
  });
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof header === 'object' && header !== null && !Array.isArray(header))
      return header as Record<string, unknown>;
  } catch (cause) {
    fail('its header is no JSON', cause);
  }
  fail('its header is no JSON object');
}

function checkEntry(name: string, entry: unknown, available: number): SafetensorsEntry {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const type = typeof dtype === 'string' && Object.hasOwn(codes, dtype) ? codes[dtype] : undefined;
  if (type === undefined) fail(`${name} has the unknown type ${String(dtype)}`);
  const whole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(whole)) fail(`${name} has no shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole)) fail(`${name} has no place`);
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > available) fail(`${name} reaches beyond the file`);
  if (elementCount(shape, name) * elementTypes[type].bytes !== end - begin) {
    fail(`${name} of shape [${shape}] does not take ${end - begin} bytes`);
  }
  return { name, type, shape, begin, end };
}

function checkMetadata(text: unknown): ReadonlyMap<string, string> {
  if (text === undefined) return new Map();
  if (typeof text !== 'object' || text === null) fail('its metadata is no object');
  const entries = Object.entries(text);
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === 'string'))
    fail('its metadata is no text');
  return new Map(entries as [string, string][]);
}

/**
 * Writes arrays as a safetensors file: float32, int32 and float64, in the order given, every array aligned to 8 bytes by the
 * padding of the header alone, as the format demands.
 */
export function encodeSafetensors(weights: Weights, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const header: [string, unknown][] = Object.keys(metadata).length === 0 ? [] : [['__metadata__', metadata]];
  let offset = 0;
  for (const [name, { shape, data }] of weights) {
    if (name === '__metadata__') throw new WeightsError('an array cannot be named __metadata__.');
    const dtype = data instanceof Float32Array ? 'F32' : data instanceof Int32Array ? 'I32' : 'F64';
    header.push([name, { dtype, shape, data_offsets: [offset, offset + data.byteLength] }]);
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.fill(0x20, 8, 8 + padded);
  bytes.set(json, 8);
  let at = 8 + padded;
  for (const { data } of weights.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}
