import * as tf from '@tensorflow/tfjs';

/**
 * Masks of one image out of every rater's logits.
 *
 * @param logits [1, H, W, R]; foreground above 0
 * @returns [R, H, W], 0 or 1
 */
export function raterMasks(logits: tf.Tensor4D): tf.Tensor3D {
  return tf.tidy(() => {
    const masks = tf.cast(tf.greater(tf.squeeze(logits, [0]), 0), 'float32');
    return tf.transpose(masks, [2, 0, 1]) as tf.Tensor3D;
  });
}
