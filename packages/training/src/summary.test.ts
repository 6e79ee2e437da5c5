import { describe, expect, it } from 'vitest';
import type { EpisodeRecords } from './evaluate.js';
import { compareArms, pairedSupports, summarise } from './summary.js';

/** One episode: hits and misses of each rater; Dice is hits over (hits + misses / 2). */
function episode(
  arm: string,
  name: string,
  support: string,
  scan: string,
  hits: Record<string, number>,
): EpisodeRecords {
  const records = Object.entries(hits).map(([rater, tp]) => ({
    scan,
    support,
    rater,
    class: name,
    tp,
    fp: 0,
    fn: tp === 0 ? 0 : 2,
  }));
  return { arm, records };
}

// Dice 0.5 for one hit, 0.75 for three, 0.9 for nine, undefined for none.
const base = [
  episode('base', 'organ', 's1', 'q1', { ann: 1, ben: 3 }),
  episode('base', 'organ', 's1', 'q2', { ann: 3, ben: 9 }),
  episode('base', 'organ', 's2', 'q1', { ann: 9, ben: 0 }),
  episode('base', 'tumour', 's1', 'q1', { ann: 1, ben: 1 }),
];

describe('summarise', () => {
  it('takes means over queries, then raters, then supports, then classes', () => {
    const [summary] = summarise(base);
    expect(summary!.arm).toBe('base');
    expect(summary!.supports.map(({ support, class: name, dice }) => [name, support, dice])).toEqual([
      ['organ', 's1', expect.closeTo((0.625 + 0.825) / 2, 12)],
      ['organ', 's2', expect.closeTo(0.9, 12)],
      ['tumour', 's1', 0.5],
    ]);
    const organ = (0.725 + 0.9) / 2;
    expect(summary!.byClass.organ).toBeCloseTo(organ, 12);
    expect(summary!.dice).toBeCloseTo((organ + 0.5) / 2, 12);
    expect(summary!.byRater.ann).toBeCloseTo(((0.625 + 0.9) / 2 + 0.5) / 2, 12);
    expect(summary!.byRater.ben).toBeCloseTo((0.825 + 0.5) / 2, 12);
    expect(summary!.undefinedCount).toBe(1);
    expect(summary!.interval.low).toBeLessThanOrEqual(summary!.dice);
    expect(summary!.interval.high).toBeGreaterThanOrEqual(summary!.dice);
  });

  it('has raters in the order asked for, though one is missing from the first scan', () => {
    const late = [episode('base', 'organ', 's1', 'q1', { cleo: 1, ann: 1 }), ...base];
    const order = (raters?: string[]) => Object.keys(summarise(late, { raters })[0]!.byRater);
    expect(order()).toEqual(['cleo', 'ann', 'ben']);
    expect(order(['ann', 'ben', 'dan', 'cleo'])).toEqual(['ann', 'ben', 'cleo']);
    expect(order(['ben'])).toEqual(['ben', 'cleo', 'ann']);
  });

  it('lets an undefined value make every mean above it undefined where that is asked for', () => {
    const [summary] = summarise(base, { nan: 'propagate' });
    expect(summary!.supports.map(({ dice }) => dice)).toEqual([expect.closeTo(0.725, 12), Number.NaN, 0.5]);
    expect(summary!.byClass).toEqual({ organ: Number.NaN, tumour: 0.5 });
    expect(summary!.byRater).toEqual({ ann: expect.closeTo(((0.625 + 0.9) / 2 + 0.5) / 2, 12), ben: Number.NaN });
    expect(summary!.dice).toBeNaN();
    expect(summary!.undefinedCount).toBe(1);
  });

  it('says the same twice, and refuses nothing', () => {
    expect(summarise(base)).toEqual(summarise(base));
    expect(() => summarise([])).toThrow('no episode');
  });
});

describe('compareArms', () => {
  const better = [
    episode('japc', 'organ', 's1', 'q1', { ann: 9, ben: 9 }),
    episode('japc', 'organ', 's2', 'q1', { ann: 9, ben: 9 }),
    episode('japc', 'tumour', 's1', 'q1', { ann: 3, ben: 3 }),
    episode('japc', 'tumour', 's3', 'q1', { ann: 3, ben: 3 }),
  ];
  const [one] = summarise(base);
  const [other] = summarise(better);

  it('pairs the support scans both arms have, over the classes both have', () => {
    expect(pairedSupports(other!, one!)).toEqual([
      [expect.closeTo((0.9 + 0.75) / 2, 12), expect.closeTo((0.725 + 0.5) / 2, 12)],
      [expect.closeTo(0.9, 12), expect.closeTo(0.9, 12)],
    ]);
    const { first, second, test } = compareArms(other!, one!);
    expect([first, second, test.n]).toEqual(['japc', 'base', 2]);
    // Differences 0.2125 and 0: their mean is half of the one, and so is the standard error.
    expect(test.meanDifference).toBeCloseTo(0.2125 / 2, 12);
    expect(test.t).toBeCloseTo(1, 9);
    expect(compareArms(one!, other!).test.t).toBeCloseTo(-test.t, 12);
  });

  it('refuses one pair', () => {
    const [alone] = summarise(better.slice(0, 1));
    expect(pairedSupports(alone!, one!)).toHaveLength(1);
    expect(() => compareArms(alone!, one!)).toThrow('share 1 supports');
  });

  it('skips an undefined support, or tells that the test is undefined', () => {
    const [first, second] = [base, better].map((records) => summarise(records, { nan: 'propagate' })[0]!);
    expect(pairedSupports(second!, first!)).toHaveLength(
      pairedSupports(second!, first!, { nan: 'propagate' }).length - 1,
    );
    expect(compareArms(second!, first!, { nan: 'propagate' }).test.p).toBeNaN();
  });
});
