import { differentiable, type FeatureMaps, ShapeError, safeNormalize } from '@fsmr/core';
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
  const rowsOf = (map: tf.Tensor): tf.Tensor2D => tf.reshape(map, [height * width, channels]);
  return tf.tidy(() => {
    const direction = safeNormalize(prototype, cosineEpsilon) as tf.Tensor2D;
    const [probability] = differentiable({
      inputs: { unit, direction, threshold },
      forward: (save) => {
        const cosines = tf.matMul(rowsOf(unit), direction, false, true);
        const scores = tf.add(tf.reshape(threshold, []), tf.mul(scale, cosines));
        const result = tf.reshape(tf.sigmoid(tf.mul(slope, scores)), [height, width]);
        save([unit, direction, result]);
        return [result];
      },
      backward: ([dy], [map, towards, result]) => {
        // One number a position, so it may stay until the backward pass ends.
        const dscores = tf.tidy(
          () => tf.reshape(tf.mul(tf.mul(dy!, tf.mul(result!, tf.sub(1, result!))), slope), [-1, 1]) as tf.Tensor2D,
        );
        const dcosines = tf.mul(dscores, scale) as tf.Tensor2D;
        return {
          unit: () => tf.reshape(tf.mul(dcosines, towards!), unit.shape),
          direction: () => tf.matMul(dcosines, rowsOf(map!), true),
          threshold: () => tf.reshape(tf.sum(dscores), threshold.shape),
        };
      },
    });
    return probability as tf.Tensor2D;
  });
}

/**
 * Where {@link foregroundProbability} exceeds one half: 1 at positions nearer to the prototype than the threshold asks,
 * else 0. In few operations, as refinement asks many times.
 *
 * @param prototype C numbers
 * @returns one number a position, in reading order
 */
export function foregroundMask(unit: tf.Tensor4D, prototype: Float32Array, threshold: number): Float32Array {
  const [, height, width, channels] = unit.shape;
  const length = Math.max(Math.hypot(...prototype), cosineEpsilon);
  const cosines = tf.tidy(() => {
    const direction = tf.tensor2d(
      prototype.map((value) => value / length),
      [1, channels],
    );
    return tf.matMul(tf.reshape(unit, [height * width, channels]), direction, false, true).dataSync<'float32'>();
  });
  return cosines.map((cosine) => (threshold + scale * cosine > 0 ? 1 : 0));
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
