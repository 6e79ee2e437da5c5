import { InputError } from '@fsmr/core/errors';
import { describe, expect, it } from 'vitest';
import { bcaInterval, bootstrapInterval, percentileInterval } from './bootstrap.js';
import { holm } from './holm.js';
import { mean } from './moments.js';
import { signFlipTest } from './sign-flip.js';

describe('signFlipTest', () => {
  const x = [8.2, 7.9, 6.1, 9.0, 7.7, 8.8];
  const y = [7.0, 8.3, 5.5, 7.6, 7.1, 8.5];

  it('counts all signs of a small sample', () => {
    // numpy: mean over itertools.product([1, -1], repeat=6) of dot(d, signs) >= sum(d), and of the absolute values
    expect(signFlipTest(x, y)).toMatchObject({ p: 0.046875, exact: true, draws: 64 });
    expect(signFlipTest(x, y, { alternative: 'two-sided' }).p).toBe(0.09375);
    expect(signFlipTest(y, x, { alternative: 'less' }).p).toBe(0.046875);
  });

  it('knows no answer for a difference that is none', () => {
    expect(signFlipTest([Number.NaN, 1], [0, 0])).toMatchObject({ p: Number.NaN, log10p: Number.NaN });
    expect(signFlipTest([Number.NaN, ...x], [0, ...y], { draws: 10 }).p).toBeNaN();
  });

  it('draws signs of a larger sample, the same for the same seed and near the full count', () => {
    const a = Array.from({ length: 18 }, (_, i) => Math.sin(3 * i) + 0.35);
    const zero = a.map(() => 0);
    const all = signFlipTest(a, zero, { draws: 2 ** 18 });
    const some = signFlipTest(a, zero, { draws: 20_000, seed: 7 });
    expect([all.exact, some.exact]).toEqual([true, false]);
    expect(Math.abs(some.p - all.p)).toBeLessThan(0.01);
    expect(signFlipTest(a, zero, { draws: 20_000, seed: 7 })).toEqual(some);
    expect(
      signFlipTest(
        zero.map(() => 1),
        zero,
        { draws: 100 },
      ).p,
    ).toBeCloseTo(1 / 101, 12);
  });
});

describe('bootstrap', () => {
  const data = [61, 72, 55, 91, 68, 77, 43, 83, 79, 66];
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  const draw = (b: number): number[] =>
    data.map((_, i) => data[(i * 7 + b * b * 3 + b * i + Math.floor((i * i * b) / 5)) % 10]!);
  const resamples = Array.from({ length: 200 }, (_, b) => total(draw(b)));

  it('takes the BCa interval of given resamples', () => {
    // scipy.stats._resampling._bca_interval((data,), np.sum, axis=-1, alpha=0.025 and 0.05, theta_hat_b=resamples)
    // and np.percentile(resamples, 100 * alpha_1), np.percentile(resamples, 100 * alpha_2)
    const leftOut = data.map((value) => total(data) - value);
    const wide = bcaInterval(resamples, total(data), leftOut, 0.95);
    expect(wide.low).toBeCloseTo(645.0, 9);
    expect(wide.high).toBeCloseTo(762.0, 9);
    const narrow = bcaInterval(resamples, total(data), leftOut, 0.9);
    expect(narrow.low).toBeCloseTo(654.0, 9);
    expect(narrow.high).toBeCloseTo(755.2110967397608, 9);
  });

  it('takes percentiles of given resamples', () => {
    // np.percentile(resamples, [2.5, 97.5])
    const { low, high } = percentileInterval(resamples, 0.95);
    expect(low).toBeCloseTo(654.0, 9);
    expect(high).toBeCloseTo(763.0, 9);
  });

  it('comes near the interval of another program and repeats itself', () => {
    // scipy.stats.bootstrap((data,), np.mean, n_resamples=200000, method='BCa', random_state=0): 60.4 to 77.1
    const interval = bootstrapInterval(data, mean, { draws: 20_000, seed: 'table' });
    expect(interval.estimate).toBe(69.5);
    expect(Math.abs(interval.low - 60.4)).toBeLessThan(0.5);
    expect(Math.abs(interval.high - 77.1)).toBeLessThan(0.5);
    expect(bootstrapInterval(data, mean, { draws: 20_000, seed: 'table' })).toEqual(interval);
    const plain = bootstrapInterval(data, mean, { method: 'percentile' });
    expect(plain.low).toBeLessThan(69.5);
    expect(plain.high).toBeGreaterThan(69.5);
  });

  it('is a point where nothing varies, and refuses nonsense', () => {
    expect(bootstrapInterval([3, 3, 3], mean)).toMatchObject({ low: 3, high: 3 });
    expect(() => bootstrapInterval([], mean)).toThrow(InputError);
    expect(() => bootstrapInterval([1, 2], mean, { level: 95 })).toThrow(InputError);
  });
});

describe('holm', () => {
  it('adjusts step by step', () => {
    // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), 'holm') gives 0.03 0.06 0.06 0.02
    holm([0.01, 0.04, 0.03, 0.005]).forEach((p, i) => {
      expect(p).toBeCloseTo([0.03, 0.06, 0.06, 0.02][i]!, 15);
    });
  });

  it('caps at 1 and passes over NaN', () => {
    expect(holm([0.6, Number.NaN, 0.7])).toEqual([1, Number.NaN, 1]);
    expect(holm([])).toEqual([]);
  });
});
