import { InputError } from '@fsmr/core/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logBeta, logGamma } from './gamma.js';
import { pairedTTest, studentTail } from './t-test.js';

describe('studentTail', () => {
  // mpmath, 60 digits: log10(betainc(df/2, 1/2, 0, df/(df + t^2), regularized=True) / 2)
  it.each([
    [2, 64, -1.604255318129511],
    [0.3, 1, -0.390164052654346],
    [5, 4, -2.4265230208502584],
    [3, 1_000_000, -2.8696883422537613],
    [0.001, 10, -0.30136810242727907],
    [1000, 100, -201.402325728273],
    [30_000, 64, -230.04187842284344],
    [4000, 200, -491.8596866743065],
    [1e10, 64, -583.5061171474975],
    [1e200, 64, -12743.506117147497],
  ])('t = %d with %d degrees of freedom', (t, df, log10p) => {
    expect(studentTail(t, df).log10p / log10p).toBeCloseTo(1, df < 1000 ? 12 : 10);
  });

  it('keeps the value itself right down to 1e-300', () => {
    // mpmath as above: 3.95980930397392595e-202, 9.08074702619678886e-231
    expect(studentTail(1000, 100).p / 3.959809303973926e-202).toBeCloseTo(1, 11);
    expect(studentTail(30_000, 64).p / 9.080747026196788e-231).toBeCloseTo(1, 11);
  });

  it('is one half at 0, 0 and 1 at the ends, NaN for NaN', () => {
    expect(studentTail(0, 5).p).toBeCloseTo(0.5, 15);
    expect(studentTail(Number.POSITIVE_INFINITY, 5)).toEqual({ p: 0, log10p: Number.NEGATIVE_INFINITY });
    expect(studentTail(Number.NEGATIVE_INFINITY, 5).p).toBe(1);
    expect(studentTail(Number.NaN, 5).p).toBeNaN();
    expect(studentTail(1, 0).p).toBeNaN();
  });

  it('is the normal tail where nothing tells them apart', () => {
    // scipy.stats.norm.sf(3), and of 5 twice
    for (const df of [Number.POSITIVE_INFINITY, 1e16]) {
      expect(studentTail(3, df).p).toBeCloseTo(0.0013498980316300957, 12);
      expect(studentTail(-3, df, 'less').p).toBeCloseTo(0.0013498980316300957, 12);
      expect(studentTail(-5, df, 'two-sided').p / 5.733031437583892e-7).toBeCloseTo(1, 9);
    }
  });

  it('has tails that add up, fall with t and agree between sides', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -50, max: 50, noNaN: true }),
        fc.double({ min: 0.5, max: 500, noNaN: true }),
        (t, df) => {
          const greater = studentTail(t, df).p;
          const less = studentTail(t, df, 'less').p;
          expect(greater + less).toBeCloseTo(1, 12);
          expect(studentTail(-t, df, 'less').p).toBe(greater);
          expect(studentTail(t, df, 'two-sided').p).toBeCloseTo(2 * Math.min(greater, less), 12);
          expect(studentTail(t + 0.5, df).p).toBeLessThanOrEqual(greater);
        },
      ),
    );
  });
});

describe('pairedTTest', () => {
  it('is the one of the textbook', () => {
    // scipy.stats.ttest_rel([8.2, 7.9, 6.1, 9.0, 7.7, 8.8], [7.0, 8.3, 5.5, 7.6, 7.1, 8.5], alternative='greater')
    const { t, p, df, n } = pairedTTest([8.2, 7.9, 6.1, 9.0, 7.7, 8.8], [7.0, 8.3, 5.5, 7.6, 7.1, 8.5]);
    expect(t).toBeCloseTo(2.3372824104589975, 10);
    expect(p).toBeCloseTo(0.03330246682403638, 10);
    expect([df, n]).toEqual([5, 6]);
  });

  it('answers without spread and without pairs', () => {
    expect(pairedTTest([2, 3], [1, 2])).toMatchObject({ t: Number.POSITIVE_INFINITY, p: 0 });
    expect(pairedTTest([1, 2], [1, 2]).p).toBeNaN();
    expect(pairedTTest([1], [0]).p).toBeNaN();
    expect(() => pairedTTest([1, 2], [1])).toThrow(InputError);
  });
});

describe('special functions', () => {
  // mpmath: loggamma(x); log(beta(a, b))
  it.each([
    [0.5, 0.5723649429247001],
    [3.7, 1.4280723266653879],
    [10, 12.801827480081469],
    [12.5, 18.734347511936445],
    [1000.25, 5906.9472682711175],
  ])('logGamma(%d)', (x, expected) => expect(logGamma(x) / expected).toBeCloseTo(1, 14));

  it.each([
    [0.5, 0.5, 1.1447298858494002],
    [32, 0.5, -1.1565969173743509],
    [500_000, 0.5, -5.988816495777464],
    [3, 200, -15.216742791448372],
  ])('logBeta(%d, %d)', (a, b, expected) => expect(logBeta(a, b) / expected).toBeCloseTo(1, 14));
});
