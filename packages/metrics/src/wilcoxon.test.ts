import { describe, expect, it } from 'vitest';
import { type WilcoxonOptions, wilcoxonSignedRank } from './wilcoxon.js';

const first = [125, 115, 130, 140, 140, 115, 140, 125, 140, 135];
const second = [110, 122, 125, 120, 140, 124, 123, 137, 135, 145];

describe('wilcoxonSignedRank', () => {
  // scipy.stats.wilcoxon(first, second, zero_method=zeros, alternative=alternative, mode='approx')
  it.each([
    ['wilcox', 'greater', 27, 0.29681529572126475],
    ['wilcox', 'less', 27, 0.7031847042787353],
    ['wilcox', 'two-sided', 18, 0.5936305914425295],
    ['pratt', 'greater', 32, 0.3048005577602511],
    ['pratt', 'less', 32, 0.6951994422397489],
    ['pratt', 'two-sided', 22, 0.6096011155205022],
    ['zsplit', 'greater', 32.5, 0.3050332783749251],
    ['zsplit', 'less', 32.5, 0.6949667216250749],
    ['zsplit', 'two-sided', 22.5, 0.6100665567498502],
  ] as const)('approximates with a zero, %s, %s', (zeros, alternative, statistic, p) => {
    const test = wilcoxonSignedRank(first, second, { zeros, alternative, method: 'normal' });
    expect(test).toMatchObject({ method: 'normal', statistic, zeros: 1 });
    expect(test.p).toBeCloseTo(p, 12);
  });

  // scipy.stats.wilcoxon([3, 1, 4, 1, 5, 9], [2, 2, 2, 3, 2, 2], alternative=alternative) of scipy 1.17
  it.each([
    ['greater', 0.171875],
    ['two-sided', 0.34375],
  ] as const)('counts all signs of a small sample with ties unless told otherwise, %s', (alternative, p) => {
    const test = wilcoxonSignedRank([3, 1, 4, 1, 5, 9], [2, 2, 2, 3, 2, 2], { alternative });
    expect(test).toMatchObject({ method: 'exact', p });
    const long = Array.from({ length: 14 }, (_, i) => i % 5);
    expect(
      wilcoxonSignedRank(
        long,
        long.map((_, i) => (i * 3) % 4),
      ).method,
    ).toBe('normal');
  });

  // scipy.stats.wilcoxon(x, y, alternative=alternative, mode='exact')
  it.each([
    ['greater', 19, 0.046875],
    ['less', 19, 0.96875],
    ['two-sided', 2, 0.09375],
  ] as const)('counts all signs of a small sample, %s', (alternative, statistic, p) => {
    const x = [8.2, 7.9, 6.1, 9.0, 7.7, 8.8];
    const y = [7.0, 8.3, 5.5, 7.6, 7.1, 8.5];
    // The differences 0.6 and 0.6 differ in the last bit, so nothing is tied.
    expect(wilcoxonSignedRank(x, y, { alternative })).toMatchObject({ method: 'exact', statistic, p });
  });

  it('counts all signs of tied ranks too where asked to', () => {
    // numpy: mean over itertools.product([0, 1], repeat=7) of dot(rankdata(abs(d)), signs) >= 22, and <= 22
    const d = [1, 1, -2, 3, 3, -1, 4];
    const test = (options: WilcoxonOptions) =>
      wilcoxonSignedRank(
        d,
        d.map(() => 0),
        { method: 'exact', ...options },
      );
    expect(test({})).toMatchObject({ statistic: 22, p: 0.109375 });
    expect(test({ alternative: 'less' }).p).toBe(0.921875);
  });

  it('knows no answer where nothing differs', () => {
    expect(wilcoxonSignedRank([1, 2], [1, 2]).p).toBeNaN();
    expect(wilcoxonSignedRank([], []).p).toBeNaN();
    for (const method of ['auto', 'exact', 'normal'] as const) {
      expect(wilcoxonSignedRank([Number.NaN, 1, 2], [1, 0, 1], { method }).p).toBeNaN();
    }
  });
});
