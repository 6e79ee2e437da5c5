import { loadOracle, oracleCases, sharedFolder } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import { type Alternative, pairedTTest } from './t-test.js';

type Stats = Record<string, Record<string, string>>;

describe.skipIf(sharedFolder === undefined)('paired t-test against the published statistics', () => {
  it.each(oracleCases('dice_stats'))('%s', (name) => {
    const oracle = loadOracle(name);
    for (const [sample, expected] of Object.entries(oracle.constants.stats as Stats)) {
      // The samples with ties were rounded to two decimals before the file made float32 of them.
      const values = (side: string): number[] =>
        Array.from(oracle.array(`tt_${sample}_${side}`).data, (value) =>
          sample === 'ties' ? Number(value.toFixed(2)) : value,
        );
      const test = (alternative: Alternative) => pairedTTest(values('ours'), values('base'), alternative);
      const { t, p, meanDifference, stdDifference } = test('greater');
      expect(t / Number(expected.t)).toBeCloseTo(1, 10);
      expect(p / Number(expected.p_greater)).toBeCloseTo(1, 9);
      expect(test('two-sided').p / Number(expected.p_two)).toBeCloseTo(1, 9);
      expect(test('less').p / Number(expected.p_less)).toBeCloseTo(1, 9);
      expect(meanDifference).toBeCloseTo(Number(expected.mean_gain), 12);
      expect(stdDifference).toBeCloseTo(Number(expected.std_gain_ddof1), 12);
    }
  });
});
