import { ShapeError } from '@fsmr/core';
import { expectNoLeak, gradientError } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { raterBoundLoss } from './bound-loss.js';

/** Logits [R, 1, W, 2] whose foreground probabilities are these. */
const logitsOf = (probabilities: readonly (readonly number[])[]): tf.Tensor4D =>
  tf.tensor4d(probabilities.map((row) => [row.map((p) => [0, Math.log(p / (1 - p))])]));
const truthOf = (masks: readonly (readonly number[])[]): tf.Tensor3D => tf.tensor3d(masks.map((row) => [[...row]]));

describe('raterBoundLoss', () => {
  it('compares what all and what any mark by soft Dice', () => {
    const logits = logitsOf([
      [0.5, 0.8, 0.1],
      [0.4, 0.9, 0.2],
    ]);
    const truth = truthOf([
      [1, 1, 0],
      [0, 1, 255],
    ]);
    // All: 0.2, 0.72, 0.02 against 0, 1, 0. Any: 0.7, 0.98, 0.28 against 1, 1, 0.
    const all = 1 - (2 * 0.72 + 1e-6) / (0.94 + 1 + 1e-6);
    const any = 1 - (2 * 1.68 + 1e-6) / (1.96 + 2 + 1e-6);
    expect(raterBoundLoss(logits, truth).dataSync()[0]).toBeCloseTo((all + any) / 2, 6);
    expect(gradientError((x) => raterBoundLoss(x as tf.Tensor4D, truth), logits)).toBeLessThan(1e-2);
    expectNoLeak(() => raterBoundLoss(logits, truth));
  });

  it('is next to nothing where nothing is predicted and nothing is true', () => {
    expect(raterBoundLoss(logitsOf([[1e-9, 1e-9]]), truthOf([[0, 0]])).dataSync()[0]).toBeLessThan(0.005);
  });

  it('names shapes that differ', () => {
    expect(() => raterBoundLoss(logitsOf([[0.5]]), truthOf([[1], [1]]))).toThrow(ShapeError);
  });
});
