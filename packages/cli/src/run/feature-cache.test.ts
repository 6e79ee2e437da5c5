import { readdirSync, statSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FeatureMaps } from '@fsmr/core';
import { expectNoLeak } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cachedEncode, encoderHash } from './feature-cache.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fsmr-features-'));
});
afterAll(() => rm(root, { recursive: true }));

/** An encoder that counts what it is asked. */
function counting(threshold = false) {
  let asked = 0;
  const encode = (images: tf.Tensor4D): FeatureMaps => {
    asked++;
    const maps = [tf.mul(images, 1 / 3), tf.mean(images, [1, 2], true)] as tf.Tensor4D[];
    return threshold ? { maps, threshold: tf.mean(images, [1, 2]) as tf.Tensor2D } : { maps };
  };
  return { encode, asked: () => asked };
}

const image = (seed: number) => tf.randomUniform([1, 4, 4, 3], -2, 2, 'float32', seed) as tf.Tensor4D;
const valuesOf = ({ maps, threshold }: FeatureMaps) =>
  [...maps, ...(threshold === undefined ? [] : [threshold])].map((map) => [map.shape, [...map.dataSync()]]);
const sizeIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
const files = async (folder: string) =>
  (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.safetensors'));

describe('cachedEncode', () => {
  it('gives another process the same features, bit for bit, and encodes what is new', async () => {
    const folder = join(root, 'shared');
    const [first, second] = [counting(true), counting(true)];
    const features = cachedEncode(first.encode, 'a', { folder, limit: 2 ** 20 })(image(1));
    const other = cachedEncode(second.encode, 'a', { folder, limit: 2 ** 20 });
    expect(valuesOf(other(image(1)))).toEqual(valuesOf(features));
    expect([first.asked(), second.asked()]).toEqual([1, 0]);
    other(image(2));
    cachedEncode(second.encode, 'b', { folder, limit: 2 ** 20 })(image(1));
    expect(second.asked()).toBe(2);
    expect(await files(folder)).toHaveLength(3);
    expect((await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('computes again what is damaged', async () => {
    const folder = join(root, 'damaged');
    const { encode, asked } = counting();
    const cached = cachedEncode(encode, 'a', { folder, limit: 2 ** 20 });
    const features = valuesOf(cached(image(1)));
    const [name] = await files(folder);
    await writeFile(join(folder, name!), 'not safetensors');
    expect(valuesOf(cached(image(1)))).toEqual(features);
    expect(asked()).toBe(2);
    cached(image(1));
    expect(asked()).toBe(2);
  });

  it('keeps no more than its limit, and says so once', async () => {
    const folder = join(root, 'full');
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const { encode, asked } = counting();
      const once = cachedEncode(encode, 'a', { folder, limit: 2 ** 20 });
      once(image(1));
      const [name] = await files(folder);
      const { size } = await stat(join(folder, name!));
      const cached = cachedEncode(encode, 'a', { folder, limit: 2 * size });
      for (const seed of [1, 2, 3, 4]) cached(image(seed));
      expect(await files(folder)).toHaveLength(2);
      expect(asked()).toBe(4);
      expect(written.mock.calls.filter(([text]) => String(text).includes('is full'))).toHaveLength(1);
    } finally {
      written.mockRestore();
    }
  });

  it('goes on without files where they cannot be written, and leaks nothing', async () => {
    const folder = join(root, 'a file');
    await writeFile(folder, 'no folder');
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const { encode, asked } = counting();
      const images = image(1);
      const cached = cachedEncode(encode, 'a', { folder, limit: 2 ** 20 });
      for (let time = 0; time < 2; time++) expectNoLeak(() => tf.tidy(() => cached(images).maps[0]!));
      expect(asked()).toBeGreaterThanOrEqual(2);
      expect(written).toHaveBeenCalledExactlyOnceWith(
        expect.stringMatching(/^The feature cache \S+ file cannot be written \(E\w+\): further features are not kept/),
      );
    } finally {
      written.mockRestore();
    }
  });

  it('shares its limit among encoders', async () => {
    const folder = join(root, 'two');
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    cachedEncode(counting().encode, 'size', { folder, limit: 2 ** 20 })(image(0));
    const size = sizeIn(folder);
    const limit = 20 * size;
    const both = ['a', 'b'].map((name) => cachedEncode(counting().encode, name, { folder, limit }));
    for (let seed = 1; seed <= 20; seed++) for (const cached of both) cached(image(seed));
    written.mockRestore();
    expect(sizeIn(folder)).toBeGreaterThan(0.8 * limit);
    expect(sizeIn(folder)).toBeLessThanOrEqual(1.125 * limit);
  });

  it('leaks nothing', () => {
    const cached = cachedEncode(counting().encode, 'a', { folder: join(root, 'leak'), limit: 2 ** 20 });
    const images = image(1);
    for (let time = 0; time < 2; time++) expectNoLeak(() => tf.tidy(() => cached(images).maps[0]!));
  });
});

it('tells encoders apart by name, parameters and their names, and versions that may round differently', () => {
  const parameters = { a: tf.tensor1d([1, 2]), b: tf.tensor1d([3]) };
  const hash = encoderHash('tiny', parameters, '1.0.0');
  expect(encoderHash('tiny', parameters, '1.0.1')).not.toBe(hash);
  expect(encoderHash('tiny', { b: parameters.b, a: parameters.a }, '1.0.0')).toBe(hash);
  expect(encoderHash('other', parameters, '1.0.0')).not.toBe(hash);
  expect(encoderHash('tiny', { ...parameters, b: tf.tensor1d([4]) }, '1.0.0')).not.toBe(hash);
  expect(encoderHash('tiny', { a: parameters.a, c: parameters.b }, '1.0.0')).not.toBe(hash);
});
