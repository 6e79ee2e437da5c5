import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalCdf, normalQuantile, normalTail } from './normal.js';

describe('normal distribution', () => {
  // scipy.stats.norm.logsf(z) / log(10)
  it.each([
    [-3, -0.0005866493137900664],
    [0, -0.3010299956639812],
    [0.5, -0.510691989265241],
    [1.9, -1.5418675888871116],
    [2.1, -1.7480110656889383],
    [6, -9.005864327476708],
    [38, -315.5397897039625],
  ])('tail above %d', (z, log10p) => expect(normalTail(z).log10p / log10p).toBeCloseTo(1, 12));

  // scipy.stats.norm.ppf(p)
  it.each([
    [1e-300, -37.0470962993612],
    [1e-10, -6.361340902404056],
    [0.025, -1.9599639845400545],
    [0.3, -0.5244005127080409],
    [0.9, 1.2815515655446004],
    [0.999, 3.090232306167813],
  ])('quantile of %d', (p, z) => expect(normalQuantile(p)).toBeCloseTo(z, 11));

  it('has ends', () => {
    expect(normalQuantile(0.5)).toBeCloseTo(0, 14);
    expect([0, 1, 2].map(normalQuantile)).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN]);
    expect(normalTail(Number.POSITIVE_INFINITY).p).toBe(0);
    expect(normalTail(Number.NaN).p).toBeNaN();
  });

  it('quantile and distribution undo each other', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true }), (p) => {
        expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 12);
      }),
    );
  });
});
