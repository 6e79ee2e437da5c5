import { ShapeError } from '@fsmr/core';
import { expectClose } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { attentionEntropy, inspectCalibration, meanCosine, raterAttention } from './index.js';

describe('attentionEntropy', () => {
  it('is 1 for even rows, 0 for a single target, and does not mind the sum of a row', () => {
    const attention = tf.tensor2d([
      [1, 1, 1, 1],
      [0, 1, 0, 0],
      [3, 3, 0, 0],
      [0.25, 0.25, 0.25, 0.25],
    ]);
    expectClose(attentionEntropy(attention), [1, 0, 0.5, 1], 1e-5);
    expectClose(attentionEntropy(tf.ones([1, 1])), [1]);
  });
});

describe('meanCosine', () => {
  it('is the mean cosine of pairs, whatever their length', () => {
    const rows = tf.tensor2d([
      [2, 0],
      [0, 5],
      [-1, 0],
    ]);
    // Cosines 0, -1 and 0.
    expectClose(meanCosine(rows), [-1 / 3], 1e-6);
    expectClose(meanCosine(tf.ones([3, 7])), [1], 1e-6);
    expectClose(meanCosine(tf.ones([1, 7])), [1], 1e-6);
  });
});

describe('raterAttention', () => {
  it('adds up columns of a rater and averages its rows', () => {
    const attention = tf.tensor2d([
      [0.1, 0.2, 0.7],
      [0.3, 0.3, 0.4],
      [0.5, 0.5, 0],
    ]);
    expectClose(raterAttention(attention, [2, 0, 1]), [0.45, 0, 0.55, 0, 0, 0, 1, 0, 0], 1e-6);
    expectClose(raterAttention(attention, [3]), [1], 1e-6);
    expect(() => raterAttention(attention, [1, 1])).toThrow(ShapeError);
  });
});

describe('inspectCalibration', () => {
  const levels = (...rows: number[][]) => ({ levels: [tf.tensor2d(rows)] });
  const prototypes = [levels([1, 0]), levels([0, 1])];
  const mixed = [levels([0.5, 0.5]), levels([0.5, 0.5])];
  const classes = {
    foreground: {
      prototypes,
      calibration: { raters: mixed, loss: tf.scalar(0), attention: [tf.fill([2, 2], 0.5) as tf.Tensor2D] },
    },
    background: { prototypes },
  };

  it('reports in plain numbers who attended to whom, and what collapsed', async () => {
    const reports = await inspectCalibration({ classes });
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({
      className: 'foreground',
      level: 0,
      counts: [1, 1],
      raterAttention: [
        [0.5, 0.5],
        [0.5, 0.5],
      ],
    });
    expect(reports[0]!.entropy).toBeCloseTo(1, 5);
    expect(reports[0]!.meanCosine.before).toBeCloseTo(0, 5);
    expect(reports[0]!.meanCosine.after).toBeCloseTo(1, 5);
  });

  it('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    await inspectCalibration({ classes });
    expect(tf.memory().numTensors).toBe(before);
  });
});
