import type { Scan } from '@fsmr/datasets';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { createFeatureStore, type Encode, sliceImage } from './features.js';

const scan = (id: string): Scan => ({
  id,
  size: [12, 1, 2],
  image: Float32Array.from({ length: 24 }, (_, i) => i),
  labels: {},
});

/** An encoder that remembers what it was shown. */
function recorder(): { encode: Encode; shown: number[][] } {
  const shown: number[][] = [];
  const encode: Encode = (images) => {
    shown.push([...images.dataSync()]);
    return { maps: [tf.clone(images)] };
  };
  return { encode, shown };
}

describe('createFeatureStore', () => {
  it('encodes a slice once, normalised by its scan or by given statistics', () => {
    const { encode, shown } = recorder();
    const store = createFeatureStore(encode, { mean: 1, std: 2 });
    const one = scan('one');
    expect(store.of(one, 0)).toBe(store.of(one, 0));
    expect(shown).toEqual([[-0.5, -0.5, -0.5, 0, 0, 0]]);
    store.dispose();
    const own = createFeatureStore(encode);
    own.of(one, 11);
    own.dispose();
    // 0 to 23 have the mean 11.5 and the standard deviation sqrt((24^2 - 1) / 12).
    expect(shown[1]![0]).toBeCloseTo((22 - 11.5) / Math.sqrt(575 / 12), 5);
  });

  it('holds the eight used last, whatever its budget', () => {
    const before = tf.memory().numTensors;
    const { encode, shown } = recorder();
    const store = createFeatureStore(encode, undefined, 0);
    const one = scan('one');
    for (let slice = 0; slice < 8; slice++) store.of(one, slice);
    expect(tf.memory().numTensors).toBe(before + 8);
    store.of(one, 0);
    expect(shown).toHaveLength(8);
    store.of(one, 8);
    expect(tf.memory().numTensors).toBe(before + 8);
    // Slice 0 was asked for again, so slice 1 had to go.
    store.of(one, 0);
    expect(shown).toHaveLength(9);
    store.of(one, 1);
    expect(shown).toHaveLength(10);
    store.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('keeps its features where their first user tidies up', () => {
    const before = tf.memory().numTensors;
    const store = createFeatureStore(recorder().encode);
    tf.tidy(() => void store.of(scan('one'), 0));
    expect(store.of(scan('one'), 0).maps[0]!.dataSync()).toHaveLength(6);
    store.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('keeps most of what comes again and again in the same order, though not all of it fits', () => {
    const { encode, shown } = recorder();
    const slices = ['one', 'two', 'three', 'four', 'five'].flatMap((id) =>
      Array.from({ length: 12 }, (_, slice) => [scan(id), slice] as const),
    );
    // A slice takes 24 bytes, and 50 of the 60 fit.
    const store = createFeatureStore(encode, undefined, 50 * 24);
    const encoded = Array.from({ length: 3 }, () => {
      const before = shown.length;
      for (const [own, slice] of slices) store.of(own, slice);
      return shown.length - before;
    });
    // Ten cannot be kept. Forgetting the oldest would encode all sixty every time.
    expect(encoded).toEqual([60, 10, 10]);
    store.dispose();
  });
});

it('repeats grey to three channels', () => {
  const image = sliceImage(scan('one'), 3);
  expect(image.shape).toEqual([1, 1, 2, 3]);
  expect([...image.dataSync()]).toEqual([6, 6, 6, 7, 7, 7]);
});
