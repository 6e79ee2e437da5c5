import { ShapeError } from '@fsmr/core/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confusion, dice, iou, precision, recall, sumCounts } from './counts.js';

const masks = fc
  .integer({ min: 0, max: 40 })
  .chain((n) => fc.tuple(...[0, 1].map(() => fc.array(fc.constantFrom(0, 1), { minLength: n, maxLength: n }))));

describe('confusion', () => {
  it('counts what agrees and what does not', () => {
    expect(confusion([1, 1, 0, 0, 1], [1, 0, 1, 0, 1])).toEqual({ tp: 2, fp: 1, fn: 1, tn: 1 });
  });

  it('leaves ignored truth pixels out of all counts', () => {
    expect(confusion([1, 0, 1], [255, 255, 1])).toEqual({ tp: 1, fp: 0, fn: 0, tn: 0 });
    expect(confusion([1, 0], [7, 1], { ignore: 7 })).toEqual({ tp: 0, fp: 0, fn: 1, tn: 0 });
  });

  it('takes another value as foreground, everything else as background', () => {
    expect(confusion([3, 1, 3], [3, 3, 1], { foreground: 3 })).toEqual({ tp: 1, fp: 1, fn: 1, tn: 0 });
  });

  it('refuses masks of different size', () => {
    expect(() => confusion([1], [1, 0])).toThrow(ShapeError);
  });

  it('swaps false positives and negatives when its masks are swapped, and adds up to all pixels', () => {
    fc.assert(
      fc.property(masks, ([a, b]) => {
        const one = confusion(a!, b!);
        const other = confusion(b!, a!);
        expect(one).toEqual({ ...other, fp: other.fn, fn: other.fp });
        expect(one.tp + one.fp + one.fn + one.tn).toBe(a!.length);
      }),
    );
  });
});

describe('ratios of counts', () => {
  it('are those of the definitions', () => {
    const counts = { tp: 3, fp: 1, fn: 2 };
    expect(dice(counts)).toBeCloseTo(6 / 9, 15);
    expect(iou(counts)).toBeCloseTo(3 / 6, 15);
    expect(precision(counts)).toBeCloseTo(3 / 4, 15);
    expect(recall(counts)).toBeCloseTo(3 / 5, 15);
  });

  it('are undefined for 0/0 unless told otherwise, and 0 where only the truth is empty', () => {
    expect(dice({ tp: 0, fp: 0, fn: 0 })).toBeNaN();
    expect(dice({ tp: 0, fp: 0, fn: 0 }, 1)).toBe(1);
    expect(dice({ tp: 0, fp: 5, fn: 0 })).toBe(0);
    expect(recall({ tp: 0, fp: 5, fn: 0 })).toBeNaN();
  });

  it('lie in [0, 1], and Dice = 2 IoU / (1 + IoU)', () => {
    fc.assert(
      fc.property(fc.nat(99), fc.nat(99), fc.nat(99), (tp, fp, fn) => {
        fc.pre(tp + fp + fn > 0);
        const counts = { tp, fp, fn };
        expect(dice(counts)).toBeGreaterThanOrEqual(0);
        expect(dice(counts)).toBeLessThanOrEqual(1);
        expect(dice(counts)).toBeCloseTo((2 * iou(counts)) / (1 + iou(counts)), 12);
      }),
    );
  });
});

it('counts of slices add up to the counts of the volume', () => {
  fc.assert(
    fc.property(masks, fc.nat(40), ([a, b], cut) => {
      const { tn: _, ...whole } = confusion(a!, b!);
      const parts = [confusion(a!.slice(0, cut), b!.slice(0, cut)), confusion(a!.slice(cut), b!.slice(cut))];
      expect(sumCounts(parts)).toEqual(whole);
    }),
  );
});
