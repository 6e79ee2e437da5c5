import { cosineSimilarity, type FeatureMaps, ShapeError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** Factor on the cosine. */
export const scale = 20;

/** Steepness of the sigmoid around the threshold. */
export const slope = 0.5;

/** Smallest norm in the cosine, PyTorch's default. */
export const cosineEpsilon = 1e-8;

/**
 * The foreground probability at a cosine: the anomaly score -20 cos lies below the threshold where a position resembles
 * the prototype, `1 - sigmoid(0.5 (-20 cos - T))` (Hansen et al. 2022, ADNet; Q-Net keeps it and predicts T from the query).
 *
 * @param cosines of any shape
 * @param threshold T, one value
 */
export function probabilityOfCosine(cosines: tf.Tensor, threshold: tf.Tensor): tf.Tensor {
  return tf.tidy(() => tf.sigmoid(tf.mul(slope, tf.add(tf.reshape(threshold, []), tf.mul(scale, cosines)))));
}

/**
 * The foreground probability of every position of one image.
 *
 * @param features [1, h, w, C]
 * @param prototype [1, C]
 * @param threshold T, [1, 1]
 * @returns [h, w]
 */
export function foregroundProbability(
  features: tf.Tensor4D,
  prototype: tf.Tensor2D,
  threshold: tf.Tensor,
): tf.Tensor2D {
  const [, height, width] = features.shape;
  return tf.tidy(() => {
    const cosines = cosineSimilarity(features, prototype, cosineEpsilon);
    return tf.reshape(probabilityOfCosine(cosines, threshold), [height, width]);
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
