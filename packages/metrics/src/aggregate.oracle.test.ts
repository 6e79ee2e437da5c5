import { expectClose, loadNpzOracle, loadOracle, type Oracle, oracleCases, sharedFolder } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import { aggregateDice, type CountRecord } from './aggregate.js';
import { confusion, dice, iou, sumCounts } from './counts.js';

/** The records of an oracle whose rows are class, scan, slice of every recorded slice. */
function recordsOf(oracle: Oracle, names: { truth: string; rows: string }): CountRecord[] {
  const prediction = oracle.array('pred');
  const truth = oracle.array(names.truth).data;
  const rows = oracle.array(names.rows).data;
  const [slices = 0, raters = 0, height = 0, width = 0] = prediction.shape;
  const size = height * width;
  const records: CountRecord[] = [];
  for (let n = 0; n < slices; n++) {
    for (let r = 0; r < raters; r++) {
      const start = (n * raters + r) * size;
      records.push({
        class: String(rows[3 * n]),
        scan: String(rows[3 * n + 1]),
        rater: `r${r}`,
        ...confusion(prediction.data.subarray(start, start + size), truth.subarray(start, start + size)),
      });
    }
  }
  return records;
}

const flat = (values: readonly (readonly (readonly (number | null)[])[])[]): number[] =>
  values.flat(2).map((value) => value ?? Number.NaN);
const pairs = (values: readonly (readonly (number | null)[])[]): number[] =>
  values.flat().map((value) => value ?? Number.NaN);

describe.skipIf(sharedFolder === undefined)('Dice aggregation against the published validation program', () => {
  it.each(oracleCases('dice_stats'))('%s', (name) => {
    const oracle = loadOracle(name);
    const summary = aggregateDice(recordsOf(oracle, { truth: 'label', rows: 'index' }));
    const same = (actual: readonly number[], array: string) => expectClose(actual, oracle.array(array).data, 1e-6);
    same(flat(summary.dice), 'rawDice');
    same(summary.classDice.flat(), 'classDice');
    same(summary.classDiceStd.flat(), 'classDice_std');
    same(summary.meanDice, 'meanDice');
    same(summary.meanDiceStd, 'meanDice_std');
    same(summary.diceByClass, 'dice_by_class');
    same(summary.diceByRater, 'dice_by_rater');
    same(pairs(summary.precision), 'pr_rawPrec');
    same(pairs(summary.recall), 'pr_rawRec');
    expect(summary.diceMean).toBeCloseTo(oracle.constants.dice_m as number, 6);
    expect(summary.undefinedCount).toBe(0);
  });

  it('the archive case of the same program', () => {
    const oracle = loadNpzOracle('metric_dice');
    const summary = aggregateDice(recordsOf(oracle, { truth: 'target', rows: 'meta' }));
    expectClose(flat(summary.dice), oracle.array('rawDice').data, 1e-12);
    expectClose(summary.classDice.flat(), oracle.array('classDice').data, 1e-12);
    expectClose(summary.classDiceStd.flat(), oracle.array('classStd').data, 1e-12);
    expectClose(summary.meanDice, oracle.array('meanDice').data, 1e-12);
    expectClose(summary.meanDiceStd, oracle.array('meanStd').data, 1e-12);
  });

  it('the per-volume Dice and IoU of the Q-Net program', () => {
    const oracle = loadNpzOracle('qnet_scores');
    const truth = oracle.array('label').data;
    const counts = sumCounts([confusion(oracle.array('pred').data, truth)]);
    expect(dice(counts)).toBeCloseTo(oracle.scalar('dice'), 6);
    expect(iou(counts)).toBeCloseTo(oracle.scalar('iou'), 6);
  });
});
