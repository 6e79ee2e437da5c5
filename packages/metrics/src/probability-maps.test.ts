import { InputError, ShapeError } from '@fsmr/core/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedCalibrationError, reliability } from './calibration.js';
import { softConsensus } from './consensus.js';
import { ensembleCrps, normalCrps, volumeCrps } from './crps.js';
import { thresholdedDice } from './thresholded-dice.js';

/** The ellipses of the reference, 12 rows of 10 pixels. */
const ellipses = Array.from({ length: 6 }, (_, k) =>
  Array.from({ length: 120 }, (__, i) => {
    const y = Math.floor(i / 10) - 5 - 0.5 * (k % 3);
    const x = (i % 10) - 4 - 0.25 * k;
    return (y * y) / (9 + 3 * k) + (x * x) / (7 + k) <= 1 ? 1 : 0;
  }),
);
const truths = ellipses.slice(0, 3);
/** A probability that falls with the distance from row 5, column 4. */
const probability = Array.from({ length: 120 }, (_, i) => {
  const distance = Math.sqrt((Math.floor(i / 10) - 5) ** 2 + ((i % 10) - 4) ** 2);
  return 1 / (1 + Math.exp(0.9 * distance - 2.6));
});

describe('thresholdedDice', () => {
  it('counts maps of both precisions alike', () => {
    expect(thresholdedDice(Float32Array.from([0.1, 0.7]), [0.1, 0.7])).toBe(1);
    expect(thresholdedDice([0.1, 0.7], Float32Array.from([0.1, 0.7]))).toBe(1);
  });

  it('is the mean over thresholds', () => {
    // numpy: mean over h of 2 * ((a >= h) & (b >= h)).sum() / ((a >= h).sum() + (b >= h).sum())
    const truth = softConsensus(truths);
    expect(thresholdedDice(softConsensus(ellipses.slice(3)), truth)).toBeCloseTo(0.753954802259887, 12);
    const odd = thresholdedDice(softConsensus(ellipses), truth, [0.1, 0.3, 0.5, 0.7, 0.9]);
    expect(odd).toBeCloseTo(0.8668802078010465, 12);
  });

  it('counts a pixel at the threshold, and two empty maps as equal', () => {
    expect(thresholdedDice([0.3], [0.3])).toBe(1);
    expect(thresholdedDice([0.3], [0])).toBeCloseTo(6 / 9, 12);
    expect(() => thresholdedDice([1], [1, 0])).toThrow(ShapeError);
  });
});

describe('calibration', () => {
  // numpy: sum over bins b of mean(m) * abs(accuracy[m].mean() - confidence[m].mean()), m = (b/n < confidence <= (b+1)/n)
  it.each([
    [5, 0.16114656757745227],
    [10, 0.16114656757745222],
    [15, 0.1970518828160828],
  ])('error with %d bins', (bins, expected) => {
    expect(expectedCalibrationError(probability, truths[0]!, bins)).toBeCloseTo(expected, 12);
  });

  it('bins hold every pixel once', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), fc.integer({ min: 1, max: 30 }), (p, bins) => {
        const truth = p.map((value) => (value > 0.3 ? 1 : 0));
        const counts = reliability(p, truth, bins).map(({ count }) => count);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(p.length);
        if (p.length === 0) return;
        const error = expectedCalibrationError(p, truth, bins);
        expect(error).toBeGreaterThanOrEqual(0);
        expect(error).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is 0 for certainty that is right, 1 for certainty that is wrong, unknown for nothing', () => {
    expect(expectedCalibrationError([1, 0], [1, 0])).toBe(0);
    expect(expectedCalibrationError([1, 0], [0, 1])).toBe(1);
    expect(expectedCalibrationError([], [])).toBeNaN();
    expect(() => expectedCalibrationError([0.9, Number.NaN], [1, 0])).toThrow('the probability of pixel 1 is NaN');
  });
});

describe('crps', () => {
  // scipy.integrate.quad(lambda y: (norm.cdf(y, mean, std) - (y >= value))**2, mean - 12 std, ...)
  it.each([
    [10, 2, 11.5, 0.8962885043931005],
    [0, 1, 0, 0.23369497725510904],
    [5, 0.5, 8, 2.7179052083824784],
  ])('of N(%d, %d) and %d', (mean, std, value, expected) => {
    expect(normalCrps(mean, std, value)).toBeCloseTo(expected, 9);
  });

  it('of an ensemble', () => {
    // scipy.integrate.quad(lambda y: (np.mean(members <= y) - (y >= 3))**2, 0, 8)
    expect(ensembleCrps([1, 2.5, 4, 7], 3)).toBeCloseTo(0.65625, 9);
    expect(normalCrps(3, 0, 1)).toBe(ensembleCrps([3, 3], 1));
  });

  it('of the volumes of three raters', () => {
    // as above with mean and np.std of the volumes 23, 30, 38 and the sum of probabilities, all halved
    expect(volumeCrps(probability, truths, 0.5)).toBeCloseTo(1.4488950364500308, 7);
    expect(() => volumeCrps(probability, [])).toThrow(InputError);
  });
});
