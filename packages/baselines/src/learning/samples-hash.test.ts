import type { SliceSample } from '@fsmr/datasets';
import { expect, it } from 'vitest';
import { samplesHash } from './samples-hash.js';

const sample = (image: number[], ...masks: number[][]): SliceSample => ({
  image: Float32Array.from(image),
  masks: masks.map((mask) => Uint8Array.from(mask)),
  height: 1,
  width: image.length,
});

it('is FNV-1a of the pixels as 32-bit floats', () => {
  expect(samplesHash([])).toBe('811c9dc5');
  // Four zero bytes: the offset basis times the prime four times over.
  expect(samplesHash([sample([0])])).toBe('4b95f515');
});

it('changes with a pixel, an outline, and the rater who drew it', () => {
  const known = samplesHash([sample([1, 2], [0, 1], [1, 0])]);
  expect(samplesHash([sample([1, 2], [0, 1], [1, 0])])).toBe(known);
  expect(samplesHash([sample([1, 3], [0, 1], [1, 0])])).not.toBe(known);
  expect(samplesHash([sample([1, 2], [1, 1], [1, 0])])).not.toBe(known);
  expect(samplesHash([sample([1, 2], [1, 0], [0, 1])])).not.toBe(known);
});
