import { InputError } from '@fsmr/core/errors';
import { describe, expect, it } from 'vitest';
import { bootstrapInterval } from './bootstrap.js';
import { expectedCalibrationError, reliability } from './calibration.js';
import { mean } from './moments.js';
import type { Alternative } from './probability.js';
import { signFlipTest } from './sign-flip.js';
import { surfaceDice } from './surface.js';
import { pairedTTest, studentTail } from './t-test.js';
import { wilcoxonSignedRank } from './wilcoxon.js';

describe('options out of range are refused, as plain JavaScript may hold them', () => {
  it('a side of a test that is none', () => {
    const alternative = 'two_sided' as Alternative;
    const [x, y] = [
      [3, 4, 6],
      [2, 2, 2],
    ] as const;
    for (const test of [
      () => pairedTTest(x, y, alternative),
      () => pairedTTest([], [], alternative),
      () => studentTail(1, 5, alternative),
      () => signFlipTest(x, y, { alternative }),
      () => wilcoxonSignedRank(x, y, { alternative }),
      () => wilcoxonSignedRank([Number.NaN], [0], { alternative }),
    ]) {
      expect(test).toThrow(InputError);
      expect(test).toThrow('a test is greater, less or two-sided, not two_sided.');
    }
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('%d draws', (draws) => {
    const fault = `draws are counted in whole numbers from 1, not ${draws}.`;
    expect(() => bootstrapInterval([1, 2, 3], mean, { draws })).toThrow(fault);
    expect(() => signFlipTest([1, 2, 3], [1, 1, 1], { draws })).toThrow(fault);
    expect(() => signFlipTest([1, 2, 3], [1, 1, 1], { draws })).toThrow(InputError);
  });

  it.each([0, -1, 2.5, Number.NaN])('%d bins', (bins) => {
    for (const measure of [expectedCalibrationError, reliability]) {
      expect(() => measure([0.2, 0.9], [0, 1], bins)).toThrow(InputError);
      expect(() => measure([0.2, 0.9], [0, 1], bins)).toThrow(`bins are counted in whole numbers from 1, not ${bins}.`);
    }
  });

  it.each([1.7, -3, Number.POSITIVE_INFINITY])('a probability of %d', (p) => {
    const fault = `the probability of pixel 1 is ${p}, not in 0 to 1.`;
    expect(() => expectedCalibrationError([0.5, p], [1, 0])).toThrow(fault);
    expect(() => expectedCalibrationError([0.5, p], [1, 0])).toThrow(InputError);
  });

  it.each([Number.NaN, -1])('a tolerance of %d', (tolerance) => {
    const distances = { forward: [0], backward: [0] };
    expect(() => surfaceDice(distances, tolerance)).toThrow(InputError);
    expect(() => surfaceDice(distances, tolerance)).toThrow(`a tolerance is a length from 0, not ${tolerance}.`);
    expect(surfaceDice(distances, 0)).toBe(1);
  });
});
