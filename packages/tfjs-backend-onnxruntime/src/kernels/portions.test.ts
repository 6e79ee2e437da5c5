import { expect, it } from 'vitest';
import { portionBounds } from './portions.js';

const million = 2 ** 20;

it('divides long arrays into powers of two, short ones not', () => {
  expect(portionBounds(2048, million / 2, 2)).toEqual([0, 2048]);
  expect(portionBounds(2048, million, 2)).toEqual([0, 1024, 2048]);
  expect(portionBounds(2048, 3 * million, 2)).toEqual([0, 512, 1024, 1536, 2048]);
  expect(portionBounds(2048, 3 * million, 1)).toHaveLength(9);
  expect(portionBounds(2048, 1000 * million, 1)).toHaveLength(33);
});

it('leaves every portion as many items as threads where it is asked to', () => {
  expect(portionBounds(8, 8 * million, 2, 2)).toEqual([0, 2, 4, 6, 8]);
  expect(portionBounds(3, 8 * million, 2, 2)).toEqual([0, 3]);
  expect(portionBounds(0, 0, 2, 2)).toEqual([0, 0]);
});
