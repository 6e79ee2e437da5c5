import { expectClose, expectNoLeak } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { queryStatistics } from './query-statistics.js';
import { reconstructionGradient } from './reconstruction.js';

/** An extreme whose gradient goes to all entries that attain it, in equal shares, as PyTorch's full reductions do. */
function extreme(x: tf.Tensor, value: number): tf.Scalar {
  const held = Float32Array.from(x.dataSync(), (entry) => (entry === value ? 1 : 0));
  const number = held.reduce((sum, one) => sum + one, 0);
  return tf.sum(tf.mul(x, tf.tensor(held, x.shape).div(number))) as tf.Scalar;
}

function scaled(x: tf.Tensor): tf.Tensor {
  const values = x.dataSync();
  const [low, high] = [extreme(x, Math.min(...values)), extreme(x, Math.max(...values))];
  return tf.div(tf.sub(x, low), tf.sub(high, low));
}

/** The loss as it is defined, for automatic differentiation. */
function reconstructionLoss(features: tf.Tensor, mask: tf.Tensor, prototype: tf.Tensor): tf.Scalar {
  const mixed = tf.add(tf.mul(features, tf.sub(1, mask)), tf.mul(mask, prototype));
  const input = tf.sigmoid(scaled(features));
  const target = tf.sigmoid(scaled(mixed));
  const likelihood = tf.add(tf.mul(target, tf.log(input)), tf.mul(tf.sub(1, target), tf.log(tf.sub(1, input))));
  return tf.neg(tf.mean(likelihood)) as tf.Scalar;
}

/** The gradient never looks at the unit features, so any map will do. */
const statisticsOf = (features: tf.Tensor4D) => queryStatistics(features, features);

function compare(features: number[], mask: number[], prototype: number[]): void {
  tf.tidy(() => {
    const [positions, channels] = [mask.length, prototype.length];
    const map = tf.tensor4d(features, [1, 1, positions, channels]);
    const column = tf.tensor2d(mask, [positions, 1]);
    const flat = tf.reshape(map, [positions, channels]);
    const automatic = tf.grad((p) => reconstructionLoss(flat, column, p))(tf.tensor2d(prototype, [1, channels]));
    const closed = reconstructionGradient(statisticsOf(map), Float32Array.from(prototype), Float32Array.from(mask));
    expectClose(closed, automatic, 1e-4, 1e-4);
  });
}

describe('the gradient of the reconstruction loss', () => {
  const number = fc.integer({ min: -20, max: 20 }).map((value) => value / 10);
  const sized = (length: number, of: fc.Arbitrary<number>) => fc.array(of, { minLength: length, maxLength: length });

  it('is that of automatic differentiation, ties between features and prototype included', () => {
    fc.assert(
      fc.property(
        sized(18, number).filter((values) => new Set(values).size > 1),
        sized(6, fc.constantFrom(0, 1)).filter((mask) => mask.includes(1) && mask.includes(0)),
        sized(3, number).filter((values) => new Set(values).size > 1),
        compare,
      ),
      { numRuns: 60, seed: 7 },
    );
  });

  it('agrees where the prototype holds both extremes, one of them shared with dead channels', () => {
    compare([0, 1, 2, 0, 3, 1, 0, 2, 2, 0, 1, 1], [1, 0, 1, 0], [0, 9, 1]);
    compare([0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 1], [1, 0, 0, 1], [0, 0, 1.5]);
  });

  it('is zero where nothing is masked and where nothing varies', () => {
    tf.tidy(() => {
      const varied = statisticsOf(tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]));
      expect([...reconstructionGradient(varied, new Float32Array([5, 6]), new Float32Array(2))]).toEqual([0, 0]);
      const flat = statisticsOf(tf.ones([1, 1, 2, 2]));
      expect([...reconstructionGradient(flat, new Float32Array([5, 6]), new Float32Array([1, 0]))]).toEqual([0, 0]);
    });
  });

  it('leaks nothing', () => {
    const features = tf.randomUniform([1, 3, 3, 4], 0, 1, 'float32', 3) as tf.Tensor4D;
    expectNoLeak(() => {
      const statistics = statisticsOf(features);
      reconstructionGradient(statistics, new Float32Array([0, 9, 0.5, 0.5]), new Float32Array(9).fill(1, 0, 4));
      statistics.rows.dispose();
    });
    features.dispose();
  });
});
