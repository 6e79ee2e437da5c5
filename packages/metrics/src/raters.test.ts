import { InputError, ShapeError } from '@fsmr/core/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diceMatrix, fleissKappa, maskKappa, meanPairwiseDice } from './agreement.js';
import { consensusCounts, consensusDice, majorityConsensus, softConsensus } from './consensus.js';
import { confusion, iou } from './counts.js';
import { energyDistance } from './energy-distance.js';
import { staple } from './staple.js';

/** Six ellipses on 12 rows of 10 pixels; the reference numbers below were computed from the same formula with numpy. */
const ellipses = Array.from({ length: 6 }, (_, k) =>
  Array.from({ length: 120 }, (__, i) => {
    const y = Math.floor(i / 10) - 5 - 0.5 * (k % 3);
    const x = (i % 10) - 4 - 0.25 * k;
    return (y * y) / (9 + 3 * k) + (x * x) / (7 + k) <= 1 ? 1 : 0;
  }),
);
const truths = ellipses.slice(0, 3);
const predictions = ellipses.slice(3);

const masksOf = (count: number) =>
  fc.array(fc.array(fc.constantFrom(0, 1), { minLength: 70, maxLength: 70 }), { minLength: count, maxLength: count });

it('the ellipses are those of the reference', () => {
  expect(ellipses.map((mask) => mask.filter(Boolean).length)).toEqual([23, 30, 38, 42, 50, 51]);
});

describe('energyDistance', () => {
  it('is the mean over all pairs', () => {
    // numpy: means of 1 - (a & b).sum() / (a | b).sum() over all pairs of the two sets
    const parts = energyDistance(predictions, truths);
    expect(parts.squared).toBeCloseTo(0.4260064858732119, 12);
    expect(parts.cross).toBeCloseTo(0.39482889927178877, 12);
    expect(parts.predictionDiversity).toBeCloseTo(0.1554854610410166, 12);
    expect(parts.truthDiversity).toBeCloseTo(0.20816585162934909, 12);
  });

  it('is symmetric, at least 0, 0 against itself, and 1 - IoU twice for single masks', () => {
    fc.assert(
      fc.property(masksOf(3), masksOf(2), (a, b) => {
        expect(energyDistance(a, b).squared).toBeCloseTo(energyDistance(b, a).squared, 12);
        expect(energyDistance(a, b).squared).toBeGreaterThanOrEqual(-1e-12);
        expect(energyDistance(a, [...a].reverse()).squared).toBeCloseTo(0, 12);
        const single = energyDistance([a[0]!], [b[0]!]).squared;
        expect(single).toBeCloseTo(2 * (1 - iou(confusion(a[0]!, b[0]!), 1)), 12);
      }),
    );
  });

  it('takes two empty masks as equal and refuses empty sets', () => {
    expect(energyDistance([[0, 0]], [[0, 0]]).squared).toBe(0);
    expect(() => energyDistance([], [[1]])).toThrow(InputError);
    expect(() => energyDistance([[1, 0]], [[1]])).toThrow(ShapeError);
  });
});

describe('consensus', () => {
  it('is the share of raters, and its half or more', () => {
    expect([
      ...softConsensus([
        [1, 1, 0],
        [1, 0, 0],
      ]),
    ]).toEqual([1, 0.5, 0]);
    expect([
      ...majorityConsensus([
        [1, 1, 0],
        [1, 0, 0],
      ]),
    ]).toEqual([1, 1, 0]);
    expect(() => softConsensus([])).toThrow(InputError);
  });

  it('Dice looks only where all agree', () => {
    expect(
      consensusCounts(
        [1, 0, 1, 1, 0],
        [
          [1, 1, 0, 1, 0],
          [1, 1, 0, 0, 0],
        ],
      ),
    ).toEqual({ tp: 1, fp: 1, fn: 1 });
    // numpy: Dice of prediction and unanimous foreground over the pixels where all raters agree
    expect(consensusDice(ellipses[4]!, truths)).toBeCloseTo(0.7857142857142857, 12);
  });
});

describe('agreement', () => {
  it('Dice of each pair', () => {
    // numpy: 2 * (a & b).sum() / (a.sum() + b.sum())
    const [ab, ac, bc] = [0.8301886792452831, 0.7213114754098361, 0.8823529411764706];
    const matrix = diceMatrix(truths);
    [
      [1, ab, ac],
      [ab, 1, bc],
      [ac, bc, 1],
    ].forEach((row, i) => {
      row.forEach((value, j) => {
        expect(matrix[i]![j]).toBeCloseTo(value, 12);
      });
    });
    expect(meanPairwiseDice(truths)).toBeCloseTo((ab! + ac! + bc!) / 3, 12);
    expect(meanPairwiseDice([[1]])).toBeNaN();
    expect(diceMatrix([[0], [0]], 1)).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  it("Fleiss' kappa of the published example", () => {
    // Fleiss, 1971: 10 subjects, 14 raters, 5 categories, kappa 0.210
    const table = [
      [0, 0, 0, 0, 14],
      [0, 2, 6, 4, 2],
      [0, 0, 3, 5, 6],
      [0, 3, 9, 2, 0],
      [2, 2, 8, 1, 1],
      [7, 7, 0, 0, 0],
      [3, 2, 6, 3, 0],
      [2, 5, 3, 2, 2],
      [6, 5, 2, 1, 0],
      [0, 2, 2, 3, 7],
    ];
    expect(fleissKappa(table)).toBeCloseTo(0.20993070442195522, 12);
    expect(() => fleissKappa([[1, 0]])).toThrow(InputError);
    expect(() =>
      fleissKappa([
        [2, 0],
        [1, 0],
      ]),
    ).toThrow(InputError);
  });

  it("Fleiss' kappa of masks is that of their table", () => {
    // numpy: the formula on the table of votes
    expect(maskKappa(ellipses)).toBeCloseTo(0.6885090218423551, 12);
    fc.assert(
      fc.property(masksOf(4), (masks) => {
        const table = masks[0]!.map((_, i) => {
          const votes = masks.filter((mask) => mask[i] === 1).length;
          return [votes, 4 - votes];
        });
        expect(maskKappa(masks)).toBeCloseTo(fleissKappa(table), 10);
        expect(maskKappa(masks)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('staple', () => {
  // numpy: 5000 rounds of expectation maximisation pixel by pixel, from 0.99999
  it('finds the truth of five raters', () => {
    const { probability, sensitivity, specificity } = staple(ellipses.slice(0, 5), { tolerance: 1e-13 });
    expect(probability.reduce((sum, p) => sum + p, 0)).toBeCloseTo(35.163011463550866, 7);
    [0.6540964224250602, 0.8531692466413828, 0.9634081163602144, 1, 1].forEach((expected, r) => {
      expect(sensitivity[r]).toBeCloseTo(expected, 7);
    });
    [1, 1, 0.9513930252418595, 0.919410287253281, 0.8251117962529445].forEach((expected, r) => {
      expect(specificity[r]).toBeCloseTo(expected, 7);
    });
  });

  it('sees through a rater who marks the background, with a given prior', () => {
    const inverted = ellipses[1]!.map((value) => 1 - value);
    const masks = [ellipses[0]!, ellipses[2]!, ellipses[5]!, inverted];
    const { probability, sensitivity, specificity } = staple(masks, { prior: 0.3, tolerance: 1e-13 });
    expect(probability.reduce((sum, p) => sum + p, 0)).toBeCloseTo(36.11302495709394, 6);
    expect(sensitivity[3]).toBeCloseTo(0.16927479667950424, 6);
    expect(specificity[3]).toBeCloseTo(0, 6);
  });

  it('keeps foreground and background apart where nearly all is marked', () => {
    // mpmath, 60 digits: as many rounds of the same formulas. Background mass by subtraction swaps the two.
    const rows = [
      '1000001011111011001010100010110',
      '0100000000000000010000000001000',
      '1111111111111111111111111111111',
      '1111111111111111111111111111111',
      '0000000000000000010000000000000',
    ];
    const masks = rows.map((row) => Array.from(row, Number));
    const { probability, sensitivity, specificity } = staple(masks, { iterations: 300, tolerance: 0 });
    expect(probability.reduce((sum, p) => sum + p, 0)).toBeCloseTo(15.690050210035, 7);
    [1.7834806222321e-23, 0.19120399184585, 1, 1, 0.063734663948616].forEach((expected, r) => {
      expect(sensitivity[r]).toBeCloseTo(expected, 7);
    });
    [0.020245068414384, 1, 0, 0, 1].forEach((expected, r) => {
      expect(specificity[r]).toBeCloseTo(expected, 7);
    });
  });

  it('answers in [0, 1], nearly full masks among them', () => {
    // Shares of foreground from a half to nearly all, a mask at a time.
    const masks = fc.integer({ min: 1, max: 60 }).chain((pixels) => {
      const mask = (weight: number) =>
        fc.array(
          fc.nat(weight).map((drawn) => (drawn === 0 ? 0 : 1)),
          { minLength: pixels, maxLength: pixels },
        );
      return fc.array(fc.constantFrom(1, 9, 99).chain(mask), { minLength: 1, maxLength: 6 });
    });
    fc.assert(
      fc.property(masks, (drawn) => {
        const marked = drawn.flat().filter(Boolean).length;
        fc.pre(marked > 0 && marked < drawn.flat().length);
        const { probability, sensitivity, specificity } = staple(drawn);
        const outside = [...probability, ...sensitivity, ...specificity].filter((value) => !(value >= 0 && value <= 1));
        expect(outside).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('does not depend on the order of the raters', () => {
    const forth = staple(truths);
    const back = staple([...truths].reverse());
    forth.probability.forEach((p, i) => {
      expect(back.probability[i]).toBeCloseTo(p, 9);
    });
  });

  it('refuses masks without any information', () => {
    expect(() =>
      staple([
        [0, 0],
        [0, 0],
      ]),
    ).toThrow(InputError);
    expect(() => staple([])).toThrow(InputError);
  });
});
