import { describe, expect, it } from 'vitest';
import { resizedDataset } from './resized.js';
import type { Dataset, Scan } from './types.js';

const scan: Scan = {
  id: 'a',
  size: [2, 2, 2],
  image: Float32Array.of(0, 1, 2, 3, 4, 4, 8, 8),
  labels: { one: Uint8Array.of(0, 7, 0, 0, 1, 0, 0, 2) },
  spacing: [5, 2, 3],
};
const dataset: Dataset = {
  name: 'squares',
  raters: ['one'],
  classes: [{ id: 1, name: 'x' }],
  modality: 'MR',
  scans: [{ id: 'a', raters: ['one'], classes: [1], slices: 2 }],
  read: async () => scan,
  superpixels: async () => new Int32Array(8),
};

describe('resizedDataset', () => {
  it('interpolates images, copies label ids, and keeps millimetres', async () => {
    const resized = await resizedDataset(dataset, 4).read('a');
    expect(resized.size).toEqual([2, 4, 4]);
    expect([...resized.image.subarray(0, 4)]).toEqual([0, 0.25, 0.75, 1]);
    expect([...resized.image.subarray(16, 20)]).toEqual([4, 4, 4, 4]);
    expect([...resized.labels.one!.subarray(0, 8)]).toEqual([0, 0, 7, 7, 0, 0, 7, 7]);
    expect([...resized.labels.one!.subarray(24)]).toEqual([0, 0, 2, 2, 0, 0, 2, 2]);
    expect(resized.spacing).toEqual([5, 1, 1.5]);
  });

  it('leaves a scan of that size alone and offers no superpixels of another size', async () => {
    const resized = resizedDataset(dataset, 2);
    expect(await resized.read('a')).toBe(scan);
    expect(resized.superpixels).toBeUndefined();
  });

  it('refuses sizes that are none', () => {
    expect(() => resizedDataset(dataset, 1.5)).toThrow('resized to 1.5');
  });
});
