import { createRandom } from '@fsmr/core';
import { expectClose, expectNoLeak, gradientError } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { crossAttention } from './cross-attention.js';

function randomFeatures(images: number, seed: number): tf.Tensor4D {
  const random = createRandom(seed);
  return tf.tensor4d(
    Array.from({ length: images * 2 * 3 * 4 }, () => random.normal()),
    [images, 2, 3, 4],
  );
}

/** The definition, position by position. */
function attended(support: number[][], query: number[][]): number[][] {
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  return support.map((own) => {
    const weights = query.map((other) =>
      Math.exp(dot(own, other) / (Math.sqrt(dot(own, own) * dot(other, other)) + 1e-5)),
    );
    const total = weights.reduce((a, b) => a + b, 0);
    return own.map(
      (value, c) => value + weights.reduce((sum, weight, k) => sum + (weight / total) * support[k]![c]!, 0),
    );
  });
}

describe('cross attention', () => {
  it('follows its definition in every shot', () => {
    tf.tidy(() => {
      const [support, query] = [randomFeatures(2, 1), randomFeatures(1, 2)];
      const positions = (x: tf.Tensor4D, image: number) =>
        (tf.reshape(tf.slice(x, image, 1), [6, 4]) as tf.Tensor2D).arraySync();
      const expected = [0, 1].map((shot) => attended(positions(support, shot), positions(query, 0)));
      expectClose(crossAttention(support, query), expected.flat(2), 1e-6);
    });
  });

  it('has the gradient of finite differences, and a finite one at zero', () => {
    tf.tidy(() => {
      const [support, query] = [randomFeatures(2, 3), randomFeatures(1, 4)];
      const cost = (s: tf.Tensor, q: tf.Tensor) =>
        tf.sum(tf.square(crossAttention(s as tf.Tensor4D, q as tf.Tensor4D))) as tf.Scalar;
      expect(gradientError((s) => cost(s, query), support)).toBeLessThan(5e-3);
      expect(gradientError((q) => cost(support, q), query)).toBeLessThan(1e-2);
      const still = tf.grad((s) => cost(s, query))(tf.zerosLike(support));
      expect(still.dataSync().every(Number.isFinite)).toBe(true);
    });
  });

  it('leaks nothing', () => {
    const [support, query] = [randomFeatures(1, 1), randomFeatures(1, 2)];
    expectNoLeak(() => crossAttention(support, query));
    tf.dispose([support, query]);
  });
});
