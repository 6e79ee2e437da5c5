import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { createRandom, InputError, WeightsError } from '@fsmr/core';
import { expectClose } from '@fsmr/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyEncoder } from '../tiny.js';
import { loadParameters } from './apply.js';
import { encodeZip, npy } from './files.fixture.js';
import { loadWeights, parseWeights } from './load.js';
import { encodeSafetensors, parseSafetensors } from './safetensors.js';
import { saveSafetensors } from './save.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weights-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('safetensors', () => {
  it('saves and loads the same parameters', async () => {
    const encoder = tinyEncoder({ channels: 3, width: 2 });
    const parameters = encoder.init(createRandom(1));
    const file = join(folder, 'tiny.safetensors');
    await saveSafetensors(file, parameters, { prefix: 'encoder.', metadata: { encoder: encoder.name } });
    const { parameters: loaded } = loadParameters(encoder, await loadWeights(file), { prefix: 'encoder.' });
    for (const [name, tensor] of Object.entries(loaded)) expectClose(tensor, parameters[name]!, 0);
    expect(await readdir(folder)).toEqual(['tiny.safetensors']);
  });

  it('reads every element type', () => {
    const header = {
      __metadata__: { a: 'b' },
      half: { dtype: 'F16', shape: [4], data_offsets: [0, 8] },
      brain: { dtype: 'BF16', shape: [2], data_offsets: [8, 12] },
      long: { dtype: 'I64', shape: [1], data_offsets: [12, 20] },
      truth: { dtype: 'BOOL', shape: [2, 1], data_offsets: [20, 22] },
      none: { dtype: 'F32', shape: [0, 3], data_offsets: [22, 22] },
      plain: { dtype: 'U32', shape: [1], data_offsets: [22, 26] },
      large: { dtype: 'U64', shape: [1], data_offsets: [26, 34] },
    };
    const json = text(JSON.stringify(header));
    const half = [0x3c00, 0xc000, 0x0001, 0x7c00].flatMap((bits) => [bits & 255, bits >> 8]);
    const body = [
      ...half,
      0x80,
      0x3f,
      0x40,
      0xc0,
      ...[0, 0, 0, 0, 1, 0, 0, 0],
      0,
      7,
      ...Array(4).fill(255),
      ...[0, 0, 0, 0, 2, 0, 0, 0],
    ];
    const bytes = Uint8Array.from([json.length & 255, json.length >> 8, 0, 0, 0, 0, 0, 0, ...json, ...body]);
    const { weights, metadata } = parseSafetensors(bytes);
    expect(Object.fromEntries([...weights].map(([name, { data }]) => [name, [...data]]))).toEqual({
      half: [1, -2, 2 ** -24, Number.POSITIVE_INFINITY],
      brain: [1, -3],
      long: [2 ** 32],
      truth: [0, 1],
      none: [],
      plain: [2 ** 32 - 1],
      large: [2 ** 33],
    });
    expect([...metadata]).toEqual([['a', 'b']]);
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['cut short', (bytes) => bytes.slice(0, -1)],
    ['longer than its arrays', (bytes) => Uint8Array.from([...bytes, 0])],
    ['a header beyond the file', (bytes) => Uint8Array.from([255, 255, 0, 0, 0, 0, 0, 0, ...bytes.slice(8)])],
    ['offsets that overlap', (bytes) => text(new TextDecoder('latin1').decode(bytes).replace('[8,16]', '[4,12]'))],
  ])('refuses a file %s', (_fault, damage) => {
    const array = { shape: [2], data: new Float32Array(2) };
    const bytes = encodeSafetensors(
      new Map([
        ['a', array],
        ['b', array],
      ]),
    );
    expect(() => parseSafetensors(damage(bytes))).toThrow(WeightsError);
  });

  it('leaves no half file where it cannot write', async () => {
    await expect(saveSafetensors(join(folder, 'none', 'x.safetensors'), {})).rejects.toThrow(InputError);
  });
});

describe('npz', () => {
  it('reads stored and deflated arrays in both orders', () => {
    const c = npy('<f4', false, [2, 3], new Float32Array([1, 2, 3, 4, 5, 6]));
    const fortran = npy('<i4', true, [2, 3], new Int32Array([1, 4, 2, 5, 3, 6]));
    const bytes = encodeZip([
      { name: 'c.npy', data: c },
      { name: 'f.npy', data: fortran, packed: deflateRawSync(fortran) },
      { name: 'readme.txt', data: text('x') },
    ]);
    const weights = parseWeights(bytes);
    expect([...weights.keys()]).toEqual(['c', 'f']);
    for (const { shape, data } of weights.values()) {
      expect(shape).toEqual([2, 3]);
      expect([...data]).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });

  it('refuses a wrong checksum and a bomb', () => {
    const data = npy('<f4', false, [2], new Float32Array([1, 2]));
    const good = encodeZip([{ name: 'a.npy', data }]);
    const flipped = good.slice();
    flipped[30 + 5 + data.length - 1]! ^= 1;
    expect(() => parseWeights(flipped)).toThrow('checksum');
    const zeros = (count: number): Uint8Array => {
      const data = npy('|u1', false, [count], new Uint8Array(count));
      return encodeZip([{ name: 'a.npy', data, packed: deflateRawSync(data, { level: 1 }) }]);
    };
    // A byte of zeros takes four bytes of memory: 256 MiB and a little more are a bomb, a mask of zeros is none.
    expect(() => parseWeights(zeros(2 ** 26 + 1))).toThrow('far larger');
    expect(parseWeights(zeros(2 ** 22)).get('a')!.data.length).toBe(2 ** 22);
  });
});

describe('loadWeights', () => {
  it('names the file that is absent, or of no known format', async () => {
    await expect(loadWeights(join(folder, 'absent.pth'))).rejects.toThrow(/absent\.pth.*cannot be read/);
    const file = join(folder, 'notes.txt');
    await writeFile(file, 'not weights at all');
    await expect(loadWeights(file)).rejects.toThrow(/notes\.txt.*no weights file/);
    await expect(loadWeights(file)).rejects.toThrow(WeightsError);
  });
});
