import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WeightsError } from '@fsmr/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WeightArray } from './array.js';
import { openSafetensors } from './mapped.js';
import { encodeSafetensors } from './safetensors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mapped-'));
});
afterAll(() => rm(folder, { recursive: true }));

const bytes = encodeSafetensors(
  new Map<string, WeightArray>([
    ['bias', { shape: [2], data: Float32Array.of(1, 2) }],
    ['matrix', { shape: [2, 2], data: Float32Array.of(3, 4, 5, 6) }],
  ]),
  { source: 'test' },
);
const written = async (content: Uint8Array): Promise<string> => {
  const file = join(folder, 'file');
  await writeFile(file, content);
  return file;
};

it('reads header and vectors, or what is asked for, and says where the rest lies', async () => {
  const file = await written(bytes);
  const { arrays, metadata } = (await openSafetensors(file))!;
  expect(metadata.get('source')).toBe('test');
  expect(arrays.get('bias')).toMatchObject({ shape: [2], type: 'float32', data: Float32Array.of(1, 2) });
  expect(arrays.get('matrix')).toMatchObject({ data: undefined, offset: bytes.length - 16, length: 16 });
  const asked = (await openSafetensors(file, (name) => name === 'matrix'))!.arrays;
  expect(asked.get('matrix')!.data).toEqual(Float32Array.of(3, 4, 5, 6));
});

it('tells another format from damage, and names the file', async () => {
  expect(await openSafetensors(await written(Buffer.from('no weights')))).toBeUndefined();
  for (let length = 10; length < bytes.length; length += 7) {
    const file = await written(bytes.subarray(0, length));
    await expect(openSafetensors(file)).rejects.toMatchObject({ code: 'weights', file });
  }
  await expect(openSafetensors(join(folder, 'none'))).rejects.toThrow(WeightsError);
});
