import { loadOracle, oracleCases, sharedFolder } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import { blurBytes } from './byte-blur.js';
import { gaussianFilter } from './gaussian.js';
import { percentile } from './percentile.js';

describe('Gaussian filter', () => {
  // scipy.ndimage.gaussian_filter([[1, 2, 0, 4, 8], [0, 0, 3, 1, 5]], 0.8), scipy 1.10.1.
  const expected = [
    0.9125456752260257, 1.1677450867389083, 1.6432749207413566, 3.6043813149208734, 6.036620473364076,
    0.3841404439481287, 0.8809237186400778, 1.7638442560234873, 2.8732715812190164, 4.733252529178058,
  ];
  it('equals scipy on a small image with both borders mirrored', () => {
    const found = gaussianFilter([1, 2, 0, 4, 8, 0, 0, 3, 1, 5], [5, 2, 1], [0.8, 0.8, 0]);
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 12);
    });
  });
  it('keeps a constant and leaves axes of sigma 0 alone', () => {
    const constant = gaussianFilter(new Float32Array(60).fill(3), [5, 4, 3], [1, 2, 0.5]);
    for (const value of constant) expect(value).toBeCloseTo(3, 12);
    expect([...gaussianFilter([1, 5, 9], [3, 1, 1], [0, 3, 3])].map((v) => Number(v.toFixed(9)))).toEqual([1, 5, 9]);
    expect(() => gaussianFilter([1], [1, 1, 1], [-1, 0, 0])).toThrow(/standard deviation/);
  });
  const cases = oracleCases('felzenszwalb2d');
  it.skipIf(sharedFolder === undefined)('equals scipy to the last bit of single precision on the oracle image', () => {
    for (const name of cases) {
      const oracle = loadOracle(name);
      for (const array of oracle.names.filter((key) => key.endsWith('_smoothed'))) {
        const { data, shape } = oracle.array(array.replace('_smoothed', ''));
        const smooth = gaussianFilter(data, [shape[1]!, shape[0]!, 1], [1, 1, 0]);
        expect(Buffer.compare(bytesOf(Float32Array.from(smooth)), bytesOf(oracle.array(array).data))).toBe(0);
      }
    }
  });
});

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

describe('blur of bytes', () => {
  it('keeps flat areas and their border to the byte', () => {
    const flat = { width: 7, height: 5, data: new Uint8Array(35).fill(255) };
    expect(blurBytes(flat, 5, 1.1)).toEqual(flat);
  });
  it('works on images smaller than the kernel', () => {
    expect(blurBytes({ width: 1, height: 1, data: Uint8Array.of(9) }, 13, 2).data).toEqual(Uint8Array.of(9));
    expect(() => blurBytes({ width: 1, height: 1, data: Uint8Array.of(9) }, 4, 2)).toThrow(/odd number of taps/);
  });
});

describe('percentile', () => {
  it('interpolates between ranks as numpy does', () => {
    expect(percentile([3, 1, 2, 4], 50)).toBe(2.5);
    expect(percentile([3, 1, 2, 4], 99.5)).toBeCloseTo(3.985, 12);
    expect(percentile([7], 12)).toBe(7);
    expect([0, 100].map((p) => percentile([5, 1, 9], p))).toEqual([1, 9]);
    expect(() => percentile([], 50)).toThrow(/at least one/);
    expect(() => percentile([Number.NaN], 50)).toThrow(/NaN/);
    expect(() => percentile([1], 101)).toThrow(/0\.\.100/);
  });
});
