import { describe, expect, it } from 'vitest';
import { readClassMap } from './protocol/class-map.js';
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
  classes: [1, 2, 7].map((id) => ({ id, name: `class ${id}` })),
  modality: 'MR',
  scans: [{ id: 'a', raters: ['one'], classes: [1, 2, 7], slices: 2 }],
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

  it('knows no slice by a pixel that resizing took away', async () => {
    // Nearest pixels of a half are the odd ones: the middle slice keeps its pixel, the others lose theirs.
    const label = new Uint8Array(3 * 64);
    for (const at of [0, 64 + 9, 128]) label[at] = 1;
    const lesion: Scan = { id: 's', size: [3, 8, 8], image: new Float32Array(3 * 64), labels: { one: label } };
    const classMap = async () => ({ s: { 1: { one: [0, 1, 2] } } });
    const scans = [{ id: 's', raters: ['one'], classes: [1], slices: 3 }];
    const small = resizedDataset({ ...dataset, scans, read: async () => lesion, classMap }, 4);
    expect(await readClassMap(small)).toEqual({ s: { 1: { one: [1] } } });
  });

  it('refuses sizes that are none', () => {
    expect(() => resizedDataset(dataset, 1.5)).toThrow('resized to 1.5');
  });
});
