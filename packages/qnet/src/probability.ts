import { type FeatureMaps, ShapeError, safeNormalize } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** Factor on the cosine. */
const scale = 20;

/** Steepness of the sigmoid around the threshold. */
const slope = 0.5;

/** Smallest norm in the cosine, PyTorch's default. */
const cosineEpsilon = 1e-8;

/**
 * Features over their length, what {@link foregroundProbability} compares: made once for all prototypes.
 *
 * @param features [B, h, w, C]
 * @returns [B, h, w, C]
 */
export function unitFeatures(features: tf.Tensor4D): tf.Tensor4D {
  return safeNormalize(features, cosineEpsilon) as tf.Tensor4D;
}

/**
 * The foreground probability of every position of one image: the anomaly score -20 cos lies below the threshold where a
 * position resembles the prototype, `1 - sigmoid(0.5 (-20 cos - T))` (Hansen et al. 2022, ADNet; Q-Net keeps it and
 * predicts T from the query).
 *
 * @param unit features of unit length [1, h, w, C], see {@link unitFeatures}
 * @param prototype [1, C], of any length
 * @param threshold T, one value
 * @returns [h, w]
 */
export function foregroundProbability(unit: tf.Tensor4D, prototype: tf.Tensor2D, threshold: tf.Tensor): tf.Tensor2D {
  const [, height, width, channels] = unit.shape;
  return tf.tidy(() => {
    const rows = tf.reshape(unit, [height * width, channels]);
    const cosines = tf.matMul(rows, safeNormalize(prototype, cosineEpsilon), false, true);
    const scores = tf.add(tf.reshape(threshold, []), tf.mul(scale, cosines));
    return tf.reshape(tf.sigmoid(tf.mul(slope, scores)), [height, width]);
  });
}

/**
 * The threshold a backbone predicted, [B, 1].
 *
 * @throws ShapeError where the backbone has no threshold head.
 */
export function thresholdOf({ threshold }: FeatureMaps, method: string): tf.Tensor2D {
  if (threshold === undefined) {
    throw new ShapeError(`${method} compares similarities with a threshold, but the features come without one.`, {
      remedy: 'Use a backbone with a threshold head, or hand in `threshold` of shape [B, 1].',
    });
  }
  return threshold;
}
