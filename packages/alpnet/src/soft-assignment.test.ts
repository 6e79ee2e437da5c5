import { createRandom } from '@fsmr/core';
import { expectClose, expectNoLeak, gradientError } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { hardAssignment, softAssignment } from './soft-assignment.js';

function features(shape: number[], seed: number): tf.Tensor {
  const random = createRandom(seed);
  return tf.tensor(
    Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
    shape,
  );
}

describe('soft assignment', () => {
  it('is the scaled cosine where there is one prototype', () => {
    tf.tidy(() => {
      const query = tf.tensor4d([3, 4, 0, 2], [1, 1, 2, 2]);
      expectClose(softAssignment(query, tf.tensor2d([[1, 0]]), 20), [12, 0], 1e-6);
    });
  });

  it('weighs cosines by their own softmax', () => {
    tf.tidy(() => {
      const query = tf.tensor4d([1, 0], [1, 1, 1, 2]);
      const expected = (20 * Math.exp(20) + 0) / (Math.exp(20) + 1);
      expectClose(softAssignment(query, tf.eye(2), 20), [expected], 1e-6);
    });
  });

  it('is the scale everywhere where all features are equal', () => {
    tf.tidy(() => {
      expectClose(softAssignment(tf.ones([1, 3, 2, 5]), tf.ones([4, 5]), 20), new Float32Array(6).fill(20), 1e-6);
    });
  });

  it('has the gradient of finite differences in prototypes and query', () => {
    tf.tidy(() => {
      const query = features([1, 3, 3, 4], 1) as tf.Tensor4D;
      const prototypes = features([5, 4], 2) as tf.Tensor2D;
      const weights = features([3, 3], 3);
      const of = (q: tf.Tensor, p: tf.Tensor) =>
        tf.sum(tf.mul(softAssignment(q as tf.Tensor4D, p as tf.Tensor2D, 5), weights)) as tf.Scalar;
      expect(gradientError((p) => of(query, p), prototypes, { step: 3e-3 })).toBeLessThan(5e-3);
      expect(gradientError((q) => of(q, prototypes), query, { step: 3e-3 })).toBeLessThan(5e-3);
    });
  });

  it('names the nearest prototype, the first of equal ones', () => {
    tf.tidy(() => {
      const query = tf.tensor4d([0, 2, 3, 0], [1, 1, 2, 2]);
      const prototypes = tf.tensor2d([
        [1, 0],
        [0, 1],
        [5, 0],
      ]);
      expect([...hardAssignment(query, prototypes).dataSync()]).toEqual([1, 0]);
    });
  });

  it('leaks nothing', () => {
    const query = features([1, 4, 4, 3], 4) as tf.Tensor4D;
    const prototypes = features([3, 3], 5) as tf.Tensor2D;
    expectNoLeak(() => softAssignment(query, prototypes, 20));
    expectNoLeak(() => hardAssignment(query, prototypes));
    tf.dispose([query, prototypes]);
  });
});
