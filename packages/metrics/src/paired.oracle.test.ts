import { readFileSync } from 'node:fs';
import { loadOracle, type Oracle, oracleCases, sharedFolder, sharedPath } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import type { Alternative } from './probability.js';
import { type ClassDiceBySupport, combineTestGroups, pairBySupport } from './published.js';
import { pairedTTest } from './t-test.js';
import { wilcoxonSignedRank } from './wilcoxon.js';

type WilcoxonEntry = { stat: string; p: string };
type Stats = Record<string, Record<string, string> & Record<`wilcoxon_${string}`, WilcoxonEntry>>;

/** One side of a paired sample; those with ties were rounded to two decimals before the file made float32 of them. */
function sampleOf(oracle: Oracle, sample: string, side: 'ours' | 'base'): number[] {
  return Array.from(oracle.array(`tt_${sample}_${side}`).data, (value) =>
    sample === 'ties' ? Number(value.toFixed(2)) : value,
  );
}

/** Every sample of every case, as title, oracle, sample and expected numbers. */
const samples = oracleCases('dice_stats').flatMap((name) => {
  const oracle = loadOracle(name);
  return Object.entries(oracle.constants.stats as Stats).map(
    ([sample, expected]) => [`${name}, sample "${sample}"`, oracle, sample, expected] as const,
  );
});

describe.skipIf(sharedFolder === undefined)('paired tests against the published statistics', () => {
  it('has cases', () => expect(samples.length).toBeGreaterThan(0));

  it.each(samples)('t-test, %s', (_, oracle, sample, expected) => {
    const test = (alternative: Alternative) =>
      pairedTTest(sampleOf(oracle, sample, 'ours'), sampleOf(oracle, sample, 'base'), alternative);
    const { t, p, meanDifference, stdDifference } = test('greater');
    expect(t / Number(expected.t)).toBeCloseTo(1, 10);
    expect(p / Number(expected.p_greater)).toBeCloseTo(1, 9);
    expect(test('two-sided').p / Number(expected.p_two)).toBeCloseTo(1, 9);
    expect(test('less').p / Number(expected.p_less)).toBeCloseTo(1, 9);
    expect(meanDifference).toBeCloseTo(Number(expected.mean_gain), 12);
    expect(stdDifference).toBeCloseTo(Number(expected.std_gain_ddof1), 12);
  });

  it.each(samples)('Wilcoxon, %s', (_, oracle, sample, expected) => {
    for (const [key, entry] of Object.entries(expected).filter(([key]) => key.startsWith('wilcoxon_'))) {
      const { stat, p } = entry as unknown as WilcoxonEntry;
      const [, approximate, alternative] = /^wilcoxon_(approx_)?(.*)$/.exec(key)!;
      const test = wilcoxonSignedRank(sampleOf(oracle, sample, 'ours'), sampleOf(oracle, sample, 'base'), {
        alternative: alternative as Alternative,
        method: approximate === undefined ? 'auto' : 'normal',
      });
      expect(test.statistic).toBe(Number(stat));
      expect(test.p / Number(p)).toBeCloseTo(1, 9);
    }
  });

  it.each(oracleCases('dice_stats'))('the published comparison script, %s', (name) => {
    const oracle = loadOracle(name);
    const script = oracle.constants.compare_script as { stdout: { ttest: string; wilcoxon: string } };
    const read = (file: string): ClassDiceBySupport => {
      const text = readFileSync(sharedPath('oracles', name, `script_${file}.json`), 'utf8');
      const entries = JSON.parse(text) as {
        support_idx: number;
        mar_val_batches_classDice: { values: number[][] };
      }[];
      return new Map(entries.map((entry) => [String(entry.support_idx), entry.mar_val_batches_classDice.values]));
    };
    const ours = combineTestGroups(read('ours1'), read('ours2'));
    const base = combineTestGroups(read('base1'), read('base2'));
    const { first, second } = pairBySupport(ours, base);
    const test = pairedTTest(first, second);
    const printed = (text: string): number[] => [...text.matchAll(/=(-?[\d.e+-]+)/g)].map((match) => Number(match[1]));
    const gain = [...script.stdout.ttest.matchAll(/ = (-?[\d.]+)/g)].map((match) => Number(match[1]));
    expect(test.t).toBeCloseTo(printed(script.stdout.ttest)[0]!, 5);
    expect(test.p / printed(script.stdout.ttest)[1]!).toBeCloseTo(1, 6);
    expect(test.meanDifference).toBeCloseTo(gain[0]!, 5);
    expect(test.stdDifference).toBeCloseTo(gain[1]!, 5);
    const ranks = wilcoxonSignedRank(first, second, { alternative: 'two-sided' });
    expect(ranks.statistic).toBe(printed(script.stdout.wilcoxon)[0]);
    expect(ranks.p / printed(script.stdout.wilcoxon)[1]!).toBeCloseTo(1, 6);
  });
});
