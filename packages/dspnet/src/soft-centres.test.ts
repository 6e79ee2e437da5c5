import { createRandom } from '@fsmr/core';
import { expectClose, expectNoLeak } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { refinedClassPrototype } from './class-prototype.js';
import { softCentres } from './soft-centres.js';

function randomFeatures(seed: number): tf.Tensor3D {
  const random = createRandom(seed);
  return tf.tensor3d(
    Array.from({ length: 4 * 5 * 3 }, () => random.normal()),
    [4, 5, 3],
  );
}

describe('soft superpixels', () => {
  it('are the weighted mean after one step', () => {
    tf.tidy(() => {
      const features = tf.tensor3d([0, 30, 9], [1, 3, 1]);
      // The last position is not wholly inside.
      const mask = tf.tensor2d([1, 1, 0.75], [1, 3]);
      const weight = Math.exp(-Math.sqrt((30 ** 2 + 1) / 100));
      expectClose(softCentres(features, mask, [[0, 0]], 1), [(30 * weight) / (1 + weight)], 1e-6);
    });
  });

  it('stand where they start after no step, and on the rim if they start outside', () => {
    tf.tidy(() => {
      const features = randomFeatures(1);
      const found = softCentres(
        features,
        tf.ones([4, 5]),
        [
          [1, 2],
          [9, 9],
        ],
        0,
      );
      const at = (row: number, column: number) => tf.reshape(tf.slice(features, [row, column, 0], [1, 1, 3]), [1, 3]);
      expectClose(found, tf.concat([at(1, 2), at(3, 4)]), 1e-6);
    });
  });

  it('stay finite however far apart positions are, and are zero where none is inside', () => {
    tf.tidy(() => {
      const far = tf.mul(randomFeatures(2), 1e6) as tf.Tensor3D;
      expect(
        softCentres(far, tf.ones([4, 5]), [[0, 0]], 10)
          .dataSync()
          .every(Number.isFinite),
      ).toBe(true);
      expect([...softCentres(far, tf.zeros([4, 5]), [[2, 2]], 10).dataSync()]).toEqual([0, 0, 0]);
    });
  });

  it('carry no gradient, and leak nothing', () => {
    const features = randomFeatures(3);
    const mask = tf.ones([4, 5]) as tf.Tensor2D;
    expectNoLeak(() => softCentres(features, mask, [[1, 1]], 3));
    tf.tidy(() => {
      const gradient = tf.grad((x) =>
        tf.add(tf.sum(x), tf.sum(tf.mul(1e3, softCentres(x as tf.Tensor3D, mask, [[1, 1]], 3)))),
      )(features);
      expect(gradient.dataSync().every((value) => value === 1)).toBe(true);
    });
    tf.dispose([features, mask]);
  });
});

describe('refined class prototype', () => {
  it('is the mean under the mask of features and centres laid over them', () => {
    tf.tidy(() => {
      const features = tf.expandDims(randomFeatures(4), 0) as tf.Tensor4D;
      const attended = tf.reshape(randomFeatures(5), [20, 3]) as tf.Tensor2D;
      const mask = tf.cast(tf.greater(tf.reshape(tf.range(0, 20), [1, 4, 5]), 7), 'float32') as tf.Tensor3D;
      const weight = tf.reshape(mask, [20, 1]);
      const mean = (map: tf.Tensor) => tf.div(tf.sum(tf.mul(map, weight), 0, true), tf.add(tf.sum(weight), 1e-5));
      for (const seeds of [
        [],
        [
          [2, 3],
          [3, 1],
        ] as const,
      ]) {
        const centres =
          seeds.length === 0
            ? mean(attended)
            : softCentres(tf.squeeze(features, [0]), tf.squeeze(mask, [0]), seeds, 10);
        const shares = tf.softmax(tf.matMul(centres, attended, false, true));
        const laid = tf.matMul(shares, centres, true, false);
        const found = refinedClassPrototype({ features, attended, mask, seeds, clusteringSteps: 10 });
        expectClose(found, mean(tf.add(laid, tf.reshape(features, [20, 3]))), 1e-5);
      }
    });
  });
});
