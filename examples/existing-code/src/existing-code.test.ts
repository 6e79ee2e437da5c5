import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { existingEncoder } from './existing-encoder.js';
import { freshProjections, personalise, trainingLoss } from './personalise.js';

const size = 64;

/** A bright square on noise, and what a tight and a generous rater make of it. */
function example(top: number, seed: number) {
  return tf.tidy(() => {
    const square = (margin: number) =>
      tf.tensor2d(
        Float32Array.from({ length: size * size }, (_, i) => {
          const [y, x] = [Math.floor(i / size) - top, (i % size) - 16];
          return y >= -margin && y < 32 + margin && x >= -margin && x < 32 + margin ? 1 : 0;
        }),
        [size, size],
      );
    const grey = tf.add(tf.mul(square(0), 2), tf.randomNormal([size, size], 0, 0.3, 'float32', seed));
    const image = tf.tile(tf.reshape(grey, [1, size, size, 1]), [1, 1, 1, 3]) as tf.Tensor4D;
    return { image, masks: tf.stack([square(0), square(4)]) as tf.Tensor3D };
  });
}

it('personalises an encoder that knows nothing of FSMR, and leaves no tensor behind', () => {
  const encoder = existingEncoder();
  const parameters = freshProjections(32, 1);
  const [support, query] = [example(8, 1), example(20, 2)];
  const inputs = { support: support.image, masks: support.masks, query: query.image };
  const before = tf.memory().numTensors;
  const answer = personalise(encoder, parameters, inputs);
  expect(answer.shape).toEqual([2, size, size]);
  answer.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

it('trains with an optimiser of TensorFlow.js', () => {
  const encoder = existingEncoder();
  const initial = freshProjections(32, 1);
  const parameters = Object.fromEntries(
    Object.entries(initial).map(([name, tensor]) => [name, tf.variable(tensor, true, name)]),
  );
  const [support, query] = [example(8, 1), example(20, 2)];
  const inputs = { support: support.image, masks: support.masks, query: query.image, truth: query.masks };
  const optimizer = tf.train.sgd(0.05);
  const losses = Array.from({ length: 6 }, () => {
    const loss = optimizer.minimize(() => trainingLoss(encoder, parameters, inputs), true)!;
    const value = loss.dataSync()[0]!;
    loss.dispose();
    return value;
  });
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
  const moved = Object.values(parameters).some((variable, i) => {
    const start = Object.values(initial)[i]!;
    return tf.tidy(() => tf.max(tf.abs(tf.sub(variable, start))).dataSync()[0]! > 0);
  });
  expect(moved).toBe(true);
});
