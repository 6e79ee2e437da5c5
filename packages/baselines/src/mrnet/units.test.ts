import { createRandom } from '@fsmr/core';
import { expectClose, gradientError } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startPass } from '../network/pass.js';
import { convLstmStep } from './conv-lstm.js';
import { drawExpertise, oneHotExpertise, randomExpertise, softTargets, uniformExpertise } from './expertise.js';
import { attentionKernel, raterUncertainty, softAttention } from './soft-attention.js';

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);

describe('expertise', () => {
  it('sums to 1, and random weights are 1 to 10 before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer(), (raters, seed) => {
        const { single, mixed, average } = drawExpertise(raters, createRandom(seed));
        for (const vector of [single, mixed, average]) {
          expect(vector).toHaveLength(raters);
          expect(sum(vector)).toBeCloseTo(1, 12);
        }
        expect(Math.max(...mixed) / Math.min(...mixed)).toBeLessThanOrEqual(10 + 1e-9);
      }),
    );
  });

  it('of one rater gives that rater’s mask, of all their mean', () => {
    tf.tidy(() => {
      const masks = tf.cast(tf.greater(tf.randomUniform([2, 4, 5, 3, 1], 0, 1, 'float32', 1), 0.5), 'float32');
      const target = (vector: readonly number[]) =>
        softTargets(masks as tf.Tensor5D, tf.tensor2d([[...vector], [...vector]]));
      expectClose(target(oneHotExpertise(3, 1)), tf.slice(masks, [0, 0, 0, 1, 0], [-1, -1, -1, 1, -1]), 0);
      expectClose(target(uniformExpertise(3)), tf.mean(masks, 3), 1e-6);
      expect(randomExpertise(3, createRandom(2))).toEqual(randomExpertise(3, createRandom(2)));
    });
  });

  it('knows which raters there are', () => {
    expect(() => oneHotExpertise(3, 3)).toThrow('there are raters 0 to 2, not 3');
  });
});

it('a ConvLSTM with no gates and no memory says 0', () => {
  tf.tidy(() => {
    const parameters = { 'g.weight': tf.zeros([3, 3, 5, 12]), 'g.bias': tf.zeros([12]) };
    const state = { hidden: tf.zeros([1, 2, 2, 3]) as tf.Tensor4D, cell: tf.zeros([1, 2, 2, 3]) as tf.Tensor4D };
    const x = tf.ones([1, 2, 2, 2]) as tf.Tensor4D;
    const { hidden } = convLstmStep(startPass(parameters, { training: false }), 'g', x, state);
    expect(sum(hidden.dataSync())).toBe(0);
  });
});

describe('soft attention', () => {
  it('has a kernel that sums to 1 and is symmetric', () => {
    const kernel = attentionKernel();
    expect(kernel).toHaveLength(31 * 31);
    expect(sum(kernel)).toBeCloseTo(1, 12);
    for (let i = 0; i < kernel.length; i++) {
      expect(kernel[i]).toBeCloseTo(kernel[kernel.length - 1 - i]!, 14);
      expect(kernel[i]).toBeCloseTo(kernel[(i % 31) * 31 + Math.floor(i / 31)]!, 14);
    }
  });

  it('has the gradient of finite differences in its kernel', () => {
    const attention = tf.randomUniform([1, 12, 12, 1], 0, 0.2, 'float32', 1) as tf.Tensor4D;
    const features = tf.randomNormal([1, 12, 12, 2], 0, 1, 'float32', 2) as tf.Tensor4D;
    const loss = (kernel: tf.Tensor) =>
      tf.sum(tf.mul(softAttention(attention, features, kernel as tf.Tensor4D), features)) as tf.Scalar;
    const kernel = tf.tensor4d(Float32Array.from(attentionKernel(7, 2)), [7, 7, 1, 1]);
    expect(gradientError(loss, kernel, { step: 1e-4, probes: 49 })).toBeLessThan(0.05);
  });

  it('finds no uncertainty in a single rater', () => {
    expect(sum(raterUncertainty(tf.randomNormal([1, 3, 3, 1, 1]) as tf.Tensor5D).dataSync())).toBe(0);
  });
});
