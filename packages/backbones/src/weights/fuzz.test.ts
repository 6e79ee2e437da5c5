import { inflateRawSync } from 'node:zlib';
import { createRandom, type Random, WeightsError } from '@fsmr/core';
import { describe, expect, it } from 'vitest';
import type { Weights } from './array.js';
import { encodeZip, npy } from './files.fixture.js';
import { parseWeights } from './load.js';
import { encodeSafetensors } from './safetensors.js';
import { torchFiles } from './torch.fixture.js';
import { openZip } from './zip.js';

const mutations = 10_000;

/** One to four random injuries: bits, bytes, runs, cuts, insertions, or another number where one stands. */
function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let result = bytes.slice();
  for (let injuries = random.integer(1, 4); injuries > 0 && result.length > 0; injuries--) {
    const at = random.integer(0, result.length - 1);
    const reach = Math.min(random.integer(1, 12), result.length - at);
    const kind = random.integer(0, 6);
    if (kind === 0) result[at]! ^= 1 << random.integer(0, 7);
    if (kind === 1) result[at] = random.integer(0, 255);
    if (kind === 2) result.fill(random.pick([0, 1, 0x7f, 0x80, 0xff]), at, at + reach);
    if (kind === 3) result = result.slice(0, at);
    if (kind === 4) result = Uint8Array.from([...result.slice(0, at), ...result.slice(at + reach)]);
    if (kind === 5) result = Uint8Array.from([...result.slice(0, at + reach), ...result.slice(at)]);
    if (kind === 6) result[at] = random.pick([0x30, 0x39, 0x2d, 0x2c, 0x2e, 0x65, 0x28, 0x51, 0x52, 0x71, 0x74]);
  }
  return result;
}

/** Reads a damaged file; what is read must be whole and no larger than the file allows. */
function survive(bytes: Uint8Array): 'read' | 'refused' {
  let weights: Weights;
  try {
    weights = parseWeights(bytes);
  } catch (error) {
    if (error instanceof WeightsError && error.message.length < 2_000) return 'refused';
    throw error;
  }
  let total = 0;
  for (const { shape, data } of weights.values()) {
    if (data.length !== shape.reduce((product, extent) => product * extent, 1)) throw new Error('a broken array');
    total += data.byteLength;
  }
  if (total > 32 * bytes.length + 131_072) throw new Error('more memory than a file of this size may ask for');
  return 'read';
}

const checkpoint = inflateRawSync(Buffer.from(torchFiles.protocol2.join(''), 'base64'));
const arrays = {
  a: { shape: [2, 3], data: Float32Array.from([1, 2, 3, 4, 5, 6]) },
  'b.c': { shape: [4], data: Int32Array.from([1, 2, 3, 4]) },
};

/** Files of an archive, damaged one at a time behind a right checksum. */
const insideZip = (files: Record<string, Uint8Array>) => (random: Random) => {
  const victim = random.pick(Object.keys(files));
  return encodeZip(
    Object.entries(files).map(([name, data]) => ({ name, data: name === victim ? mutate(data, random) : data })),
  );
};

const torchParts = (() => {
  const archive = openZip(checkpoint);
  return Object.fromEntries(archive.names.map((name) => [name, archive.read(name)]));
})();

const npzParts = {
  'a.npy': npy('<f4', false, [2, 3], arrays.a.data),
  'b.npy': npy('<i8', true, [2, 2], BigInt64Array.from([1n, 2n, 3n, 4n])),
};

const formats: [string, (random: Random) => Uint8Array][] = [
  ['torch archive', (random) => mutate(checkpoint, random)],
  ['torch pickle in an intact archive', insideZip(torchParts)],
  [
    'torch checkpoint before 1.6',
    (random) => mutate(inflateRawSync(Buffer.from(torchFiles.legacy.join(''), 'base64')), random),
  ],
  ['safetensors', (random) => mutate(encodeSafetensors(new Map(Object.entries(arrays))), random)],
  ['npz', (random) => mutate(encodeZip(Object.entries(npzParts).map(([name, data]) => ({ name, data }))), random)],
  ['npy in an intact archive', insideZip(npzParts)],
];

describe('damaged weight files', () => {
  it.each(formats)(`%s: ${mutations} mutations, each refused with a typed error or read whole`, (name, damage) => {
    const random = createRandom(name);
    const counts = { read: 0, refused: 0 };
    let slowest = 0;
    const before = process.memoryUsage().rss;
    for (let index = 0; index < mutations; index++) {
      const bytes = damage(random);
      const start = performance.now();
      counts[survive(bytes)]++;
      slowest = Math.max(slowest, performance.now() - start);
    }
    expect(counts.read + counts.refused).toBe(mutations);
    expect(counts.refused).toBeGreaterThan(mutations / 10);
    expect(slowest, 'milliseconds for one file').toBeLessThan(2_000);
    expect(process.memoryUsage().rss - before, 'bytes of memory grown').toBeLessThan(500e6);
  });
});
