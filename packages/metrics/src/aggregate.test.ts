import { InputError } from '@fsmr/core/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregateBySupport, aggregateDice, type CountRecord } from './aggregate.js';

/** A record whose Dice is 2 tp / (2 tp + fp). */
const record = (scan: string, rater: string, name: string, tp: number, fp: number): CountRecord => ({
  scan,
  rater,
  class: name,
  tp,
  fp,
  fn: 0,
});

describe('aggregateDice', () => {
  it('sums slices before it takes Dice, then averages over scans', () => {
    const summary = aggregateDice([
      record('s1', 'a', 'liver', 1, 0),
      record('s1', 'a', 'liver', 2, 6), // 2*3 / (6 + 6) = 0.5
      record('s2', 'a', 'liver', 1, 0), // 1
      record('s1', 'b', 'liver', 0, 1), // 0
      record('s2', 'b', 'liver', 1, 6), // 0.25
    ]);
    expect(summary.dice).toEqual([
      [[0.5], [0]],
      [[1], [0.25]],
    ]);
    expect(summary.classDice).toEqual([[0.75], [0.125]]);
    expect(summary.classDiceStd).toEqual([[0.25], [0.125]]);
    expect(summary.meanDice).toEqual([0.4375]);
    expect(summary.meanDiceStd).toEqual([0.1875]);
    expect(summary.diceByRater).toEqual([0.75, 0.125]);
    expect(summary.diceMean).toBe(0.4375);
  });

  it('lets 0/0 propagate, or leaves it out and says how often', () => {
    const records = [record('s1', 'a', 'x', 0, 0), record('s2', 'a', 'x', 1, 0), record('s1', 'a', 'y', 1, 0)];
    const published = aggregateDice(records);
    expect(published.classDice).toEqual([[Number.NaN, 1]]);
    expect(published.diceMean).toBeNaN();
    const skipping = aggregateDice(records, { nan: 'skip' });
    expect(skipping.classDice).toEqual([[1, 1]]);
    expect(skipping.diceMean).toBe(1);
    for (const summary of [published, skipping]) expect(summary.undefinedCount).toBe(1);
  });

  it('leaves out what was never recorded, and says how often', () => {
    const summary = aggregateDice([
      record('s1', 'a', 'x', 1, 0),
      record('s1', 'b', 'x', 1, 2),
      record('s2', 'a', 'y', 1, 6),
    ]);
    expect(summary.dice).toEqual([
      [
        [1, null],
        [0.5, null],
      ],
      [
        [null, 0.25],
        [null, null],
      ],
    ]);
    expect(summary.missingCount).toBe(5);
    expect(summary.undefinedCount).toBe(0);
    expect(summary.meanDice).toEqual([0.75, 0.25]);
    expect(summary.diceByClass).toEqual([0.75, 0.25]);
    expect(summary.diceByRater).toEqual([0.625, 0.5]);
    expect(summary.diceMean).toBe(0.5);
  });

  it('refuses nothing at all and several supports at once', () => {
    expect(() => aggregateDice([])).toThrow(InputError);
    const two = ['p', 'q'].map((support) => ({ ...record('s', 'a', 'x', 1, 0), support }));
    expect(() => aggregateDice(two)).toThrow(/aggregateBySupport/);
    expect([...aggregateBySupport(two).keys()]).toEqual(['p', 'q']);
  });

  it('does not depend on the order of the scans', () => {
    const counts = fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(counts, fc.nat(11), (values, turn) => {
        const records = values.map(([tp, fp], i) =>
          record(`s${Math.floor(i / 4)}`, `r${i % 2}`, `c${Math.floor(i / 2) % 2}`, tp + 1, fp),
        );
        const turned = aggregateDice([...records.slice(turn), ...records.slice(0, turn)]);
        const straight = aggregateDice(records);
        expect(turned.diceMean).toBeCloseTo(straight.diceMean, 12);
        straight.classes.forEach((name, c) => {
          expect(turned.meanDice[turned.classes.indexOf(name)]).toBeCloseTo(straight.meanDice[c]!, 12);
        });
        // Without gaps the mean over classes, raters and scans does not depend on the order of the means.
        const mean = straight.diceByRater.reduce((sum, value) => sum + value, 0) / straight.raters.length;
        expect(mean).toBeCloseTo(straight.diceMean, 12);
      }),
    );
  });
});
