import { differentiable, ShapeError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/**
 * Binary cross-entropy of logits against targets between 0 and 1, the mean over all elements, as
 * `torch.nn.functional.binary_cross_entropy_with_logits`; differentiable in the logits.
 *
 * @throws ShapeError where the shapes differ.
 */
export function binaryCrossEntropy(logits: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  if (logits.shape.join() !== targets.shape.join()) {
    throw new ShapeError(`targets [${targets.shape}] do not lie on logits [${logits.shape}].`);
  }
  const [loss] = differentiable({
    inputs: { logits },
    forward: (save) => {
      save([logits, targets]);
      const rest = tf.log1p(tf.exp(tf.neg(tf.abs(logits))));
      return [tf.mean(tf.add(tf.sub(tf.relu(logits), tf.mul(logits, targets)), rest))];
    },
    backward: ([dy], [x, t]) => ({
      logits: () => tf.mul(tf.sub(tf.sigmoid(x!), t!), tf.div(dy!, x!.size)),
    }),
  });
  return loss as tf.Scalar;
}

/**
 * What MRNet calls the reconstruction loss of one feature level: squared distances between the rows of two maps, 1e-6
 * added to every difference as `torch.nn.functional.pairwise_distance` does, averaged over rows and channels. The
 * published program adds a thousandth of it, but on inputs without gradient, so it moves no weight.
 *
 * @param a [B, H, W, C]
 * @param b of the same shape
 */
export function featureDistance(a: tf.Tensor4D, b: tf.Tensor4D): tf.Scalar {
  return tf.tidy(() => tf.mean(tf.sum(tf.square(tf.add(tf.sub(a, b), 1e-6)), 2)) as tf.Scalar);
}

/** How much the losses of the three expertise vectors count: one rater 1/6, mixed 2/6, average 3/6. */
export const expertiseWeights = { single: 1 / 6, mixed: 2 / 6, average: 3 / 6 } as const;
