import { clampProbabilities, resizeBilinear, ShapeError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/**
 * Foreground probabilities of each feature map, resized to the image (bilinear, align_corners true) and averaged with
 * the weights alpha.
 *
 * @param levels one map a level [R, h, w]
 * @param alpha one weight a level; only their ratio counts
 * @param size [H, W]
 * @returns [R, H, W]
 * @throws ShapeError where levels and weights differ in number.
 */
export function fuseProbabilities(
  levels: readonly tf.Tensor3D[],
  alpha: readonly number[],
  size: readonly [number, number],
): tf.Tensor3D {
  if (levels.length !== alpha.length) {
    throw new ShapeError(`${levels.length} probability maps, but ${alpha.length} weights alpha.`);
  }
  const total = alpha.reduce((sum, weight) => sum + weight, 0);
  return tf.tidy(() => {
    const resized = levels.map((level, n) => {
      const map = resizeBilinear(tf.expandDims(level, 3) as tf.Tensor4D, size, { alignCorners: true });
      return tf.mul(tf.squeeze(map, [3]), alpha[n]! / total);
    });
    return tf.addN(resized) as tf.Tensor3D;
  });
}

/**
 * Logits whose softmax is the probability: the logarithms of 1 - P and P, both clamped as in the published loss:
 * {@link clampProbabilities}.
 *
 * @param probabilities P of the foreground [R, H, W]
 * @returns [R, H, W, 2], background first
 */
export function probabilityLogits(probabilities: tf.Tensor3D): tf.Tensor4D {
  return tf.tidy(() => {
    const both = tf.stack([tf.sub(1, probabilities), probabilities], 3);
    return tf.log(clampProbabilities(both)) as tf.Tensor4D;
  });
}
