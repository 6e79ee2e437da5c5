import { expect, it } from 'vitest';
import type { Dataset } from '../types.js';
import { contactSheet } from './contact-sheet.js';

it("shows each rater's outline beside the image, black where a rater is absent", async () => {
  const square = new Uint8Array(72);
  for (let y = 1; y < 4; y++) square.fill(1, 36 + y * 6 + 1, 36 + y * 6 + 4);
  const dataset: Dataset = {
    name: 'set',
    raters: ['a', 'b'],
    classes: [{ id: 1, name: 'square' }],
    modality: 'other',
    scans: [{ id: 's', raters: ['a'], classes: [1] }],
    read: async (id) => ({
      id,
      size: [2, 6, 6],
      image: new Float32Array(72).map((_value, i) => i),
      labels: { a: square },
    }),
  };
  const { width, height, data } = await contactSheet(dataset, { tile: 6 });
  expect([width, height]).toEqual([18, 6]);
  const at = (x: number, y: number): number[] => [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
  // The second slice, on which something is drawn: grey, outlined, inside grey again, and no second rater.
  expect([at(0, 0), at(5, 5)]).toEqual([
    [0, 0, 0],
    [255, 255, 255],
  ]);
  expect(at(6 + 1, 1)).toEqual([230, 159, 0]);
  expect(at(6 + 2, 2)).toEqual(at(2, 2));
  expect(at(12 + 5, 5)).toEqual([0, 0, 0]);
});
