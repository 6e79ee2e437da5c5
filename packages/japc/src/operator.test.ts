import { ConfigError, ShapeError } from '@fsmr/core';
import { expectClose, expectNoLeak, gradientError } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { calibrationLoss, deviations, gate, jointAttention } from './index.js';

const matrix = (rows: number, columns: number, seed: number): tf.Tensor2D =>
  tf.randomNormal([rows, columns], 0, 1, 'float32', seed);

const prototypes = matrix(5, 4, 1);
const consensus = matrix(3, 4, 2);
const queryWeight = matrix(2, 4, 3);
const keyWeight = matrix(2, 4, 4);
const mean = deviations({ prototypes, consensus, counts: [2, 3], comparison: 'mean' });

describe('jointAttention', () => {
  it('has softmax rows that sum to one, and gives prototypes back where each attends to itself alone', () => {
    const { attention, calibrated, scores } = jointAttention({ prototypes, deviations: mean, queryWeight, keyWeight });
    expectClose(tf.sum(attention, 1), [1, 1, 1, 1, 1], 1e-6);
    expectClose(calibrated, tf.matMul(attention, prototypes), 1e-6);
    expect(scores.shape).toEqual([5, 5]);
    const alone = jointAttention({
      prototypes: tf.eye(4),
      deviations: tf.eye(4),
      queryWeight: tf.eye(4),
      keyWeight: tf.eye(4),
      temperature: 1e-3,
    });
    expectClose(alone.calibrated, tf.eye(4), 1e-6);
  });

  it('does not see one consensus vector under softmax: it moves all scores of a row alike', () => {
    const inputs = { prototypes, queryWeight, keyWeight };
    const withConsensus = jointAttention({ ...inputs, deviations: mean });
    const without = jointAttention({ ...inputs, deviations: prototypes });
    expectClose(withConsensus.attention, without.attention, 1e-5);
    const sigmoid = (delta: tf.Tensor2D) =>
      jointAttention({ ...inputs, deviations: delta, sigma: 'sigmoid' }).attention;
    expect(tf.max(tf.abs(tf.sub(sigmoid(mean), sigmoid(prototypes)))).dataSync()[0]).toBeGreaterThan(0.01);
    const nearest = deviations({ prototypes, consensus, counts: [2, 3], comparison: 'nearest' });
    const { attention } = jointAttention({ ...inputs, deviations: nearest });
    expect(tf.max(tf.abs(tf.sub(attention, without.attention))).dataSync()[0]).toBeGreaterThan(0.01);
  });

  it('divides scores by the temperature and sigmoid rows by their sum where asked', () => {
    const inputs = { prototypes, deviations: mean, queryWeight, keyWeight };
    const cool = jointAttention({ ...inputs, temperature: 4 });
    expectClose(tf.mul(cool.scores, 4), jointAttention(inputs).scores, 1e-6);
    const rows = jointAttention({ ...inputs, sigma: 'sigmoid', normalizeRows: true });
    expectClose(tf.sum(rows.attention, 1), [1, 1, 1, 1, 1], 1e-6);
  });

  it('names matrices that do not fit', () => {
    expect(() => jointAttention({ prototypes, deviations: consensus, queryWeight, keyWeight })).toThrow(ShapeError);
    expect(() =>
      jointAttention({ prototypes, deviations: mean, queryWeight: tf.eye(3), keyWeight: tf.eye(3) }),
    ).toThrow('prototypes [5,4] do not fit a projection [3,3]');
  });

  it('leaves no tensor behind', () => {
    expectNoLeak(() => jointAttention({ prototypes, deviations: mean, queryWeight, keyWeight }) as never);
    expectNoLeak(() => gate({ prototypes, deviations: mean, queryWeight, keyWeight }) as never);
    expectNoLeak(() => calibrationLoss({ prototypes, calibrated: mean, raters: 2, reduction: 'sum' }));
    for (const comparison of ['mean', 'nearest'] as const) {
      expectNoLeak(() => deviations({ prototypes, consensus, counts: [2, 3], comparison }));
    }
  });
});

describe('gate', () => {
  it('scales each prototype by a number between 0 and 1 that no other prototype touches', () => {
    const { calibrated, gates } = gate({ prototypes, deviations: mean, queryWeight, keyWeight });
    expectClose(calibrated, tf.mul(prototypes, tf.expandDims(gates, 1)), 1e-6);
    const alone = gate({
      prototypes: tf.slice(prototypes, [1, 0], [1, -1]),
      deviations: tf.slice(mean, [1, 0], [1, -1]),
      queryWeight,
      keyWeight,
    });
    expectClose(alone.gates, [gates.dataSync()[1]!], 1e-6);
  });
});

describe('deviations', () => {
  it('subtracts the most similar consensus prototype, so that shared ones deviate by zero', () => {
    const own = tf.concat([tf.slice(consensus, [1, 0], [1, -1]), tf.mul(tf.slice(consensus, [2, 0], [1, -1]), 3)]);
    const delta = deviations({ prototypes: own as tf.Tensor2D, consensus, counts: [2], comparison: 'nearest' });
    expectClose(tf.slice(delta, [0, 0], [1, -1]), [0, 0, 0, 0], 1e-6, 1);
    expectClose(tf.slice(delta, [1, 0], [1, -1]), tf.mul(tf.slice(consensus, [2, 0], [1, -1]), 2), 1e-6);
  });

  it('takes one consensus prototype as the nearest', () => {
    const one = tf.slice(consensus, [0, 0], [1, -1]);
    const delta = deviations({ prototypes, consensus: one, counts: [2, 3], comparison: 'nearest' });
    expectClose(delta, tf.sub(prototypes, one), 1e-6);
  });

  it('takes the mean of all raters where the consensus has no prototype', () => {
    const delta = deviations({ prototypes, consensus: tf.zeros([0, 4]), counts: [2, 3], comparison: 'one-to-one' });
    expectClose(delta, tf.sub(prototypes, tf.mean(prototypes, 0)), 1e-6);
  });

  it('says which rater cannot be compared one to one', () => {
    expect(() => deviations({ prototypes, consensus, counts: [3, 2], comparison: 'one-to-one' })).toThrow(
      "rater 1 has 2 prototypes and the consensus 3, which cannot be compared one to one. Compare with the 'mean'",
    );
  });

  it.each(['mean', 'nearest', 'one-to-one'] as const)('%s: gradients equal finite differences', (comparison) => {
    const own = matrix(6, 4, 9);
    const weights = matrix(6, 4, 10);
    const total = (p: tf.Tensor, p0: tf.Tensor): tf.Scalar => {
      const delta = deviations({
        prototypes: p as tf.Tensor2D,
        consensus: p0 as tf.Tensor2D,
        counts: [3, 3],
        comparison,
      });
      return tf.sum(tf.mul(weights, tf.square(delta)));
    };
    expect(gradientError((p) => total(p, consensus), own, { step: 1e-3 })).toBeLessThan(1e-2);
    expect(gradientError((p0) => total(own, p0), consensus, { step: 1e-3 })).toBeLessThan(1e-2);
  });
});

describe('calibrationLoss', () => {
  it('sums over everything and divides by what the reduction says', () => {
    const calibrated = tf.zeros([5, 4]) as tf.Tensor2D;
    const total = tf.sum(tf.square(prototypes)).dataSync()[0]!;
    const loss = (reduction: 'sum' | 'mean' | 'row') =>
      calibrationLoss({ prototypes, calibrated, raters: 2, reduction }).dataSync()[0]!;
    expect(loss('sum')).toBeCloseTo(total / 2, 5);
    expect(loss('row')).toBeCloseTo(total / 5, 5);
    expect(loss('mean')).toBeCloseTo(total / 20, 5);
  });

  it('is zero without prototypes and names shapes that differ', () => {
    const none = tf.zeros([0, 4]) as tf.Tensor2D;
    expect(calibrationLoss({ prototypes: none, calibrated: none, raters: 2, reduction: 'mean' }).dataSync()[0]).toBe(0);
    expect(() => calibrationLoss({ prototypes, calibrated: none, raters: 2, reduction: 'row' })).toThrow(ShapeError);
  });
});

describe('what does not fit', () => {
  const inputs = { prototypes, deviations: mean, queryWeight, keyWeight };

  it('has typed errors, in the gate as in the attention', () => {
    for (const operator of [gate, jointAttention]) {
      expect(() => operator({ ...inputs, deviations: consensus })).toThrow(ShapeError);
      expect(() => operator({ ...inputs, keyWeight: matrix(3, 4, 5) })).toThrow(ShapeError);
      expect(() => operator({ ...inputs, queryBias: tf.zeros([3]) })).toThrow('a bias [3] does not fit');
    }
    expect(() => jointAttention({ ...inputs, sigma: 'tanh' as never })).toThrow(ConfigError);
    const loss = { prototypes, calibrated: prototypes, raters: 2, reduction: 'mean' as const };
    expect(() => calibrationLoss({ ...loss, reduction: 'max' as never })).toThrow(ConfigError);
    expect(() => calibrationLoss({ ...loss, raters: 0 })).toThrow(ConfigError);
  });

  it('includes counts and widths of deviations', () => {
    const of = { prototypes, consensus, counts: [2, 3], comparison: 'mean' as const };
    expect(() => deviations({ ...of, counts: [2, 2] })).toThrow('of 2 + 2 rows');
    expect(() => deviations({ ...of, consensus: matrix(3, 5, 1) })).toThrow(ShapeError);
  });
});
