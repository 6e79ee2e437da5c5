import { InputError } from '@fsmr/core/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mean, quantile, standardDeviation } from './moments.js';
import { combineTestGroups, pairBySupport } from './published.js';

describe('the published p-value protocol', () => {
  it('weighs the groups by their number of classes', () => {
    const set0 = new Map([
      ['0', [[0.5], [0.7]]],
      ['1', [[0.1]]],
      ['2', []],
    ]);
    const set1 = new Map([
      [
        '0',
        [
          [0.9, 0.5],
          [0.8, 0.8],
        ],
      ],
      ['2', [[1, 1]]],
    ]);
    const combined = combineTestGroups(set0, set1);
    expect([...combined.keys()]).toEqual(['0']);
    expect(combined.get('0')).toBeCloseTo((0.6 + 2 * 0.75) / 3, 12);
  });

  it('pairs the supports that both runs have', () => {
    const ours = new Map([
      ['2', 0.7],
      ['0', 0.6],
      ['9', 0.1],
    ]);
    const base = new Map([
      ['0', 0.5],
      ['2', 0.4],
    ]);
    expect(pairBySupport(ours, base)).toEqual({ supports: ['2', '0'], first: [0.7, 0.6], second: [0.4, 0.5] });
    expect(() => pairBySupport(ours, new Map())).toThrow(InputError);
  });
});

describe('moments', () => {
  it('are those of numpy', () => {
    // np.std([2, 4, 4, 4, 5, 5, 7, 9]), with ddof=1; np.quantile([3, 1, 2, 10], 0.4)
    const values = [2, 4, 4, 4, 5, 5, 7, 9];
    expect([mean(values), standardDeviation(values)]).toEqual([5, 2]);
    expect(standardDeviation(values, 1)).toBeCloseTo(2.138089935299395, 12);
    expect(quantile([3, 1, 2, 10], 0.4)).toBeCloseTo(2.2, 12);
    expect([mean([]), standardDeviation([1], 1), quantile([], 0.5)]).toEqual(Array(3).fill(Number.NaN));
  });

  it('quantiles rise with the share, from the least to the greatest value', () => {
    const values = fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
        expect(quantile(list, 0)).toBe(Math.min(...list));
        expect(quantile(list, 1)).toBe(Math.max(...list));
        expect(quantile(list, share / 2)).toBeLessThanOrEqual(quantile(list, share) + 1e-12);
      }),
    );
  });
});
