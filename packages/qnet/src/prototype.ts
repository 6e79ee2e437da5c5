import { maskedAveragePool, resizeBilinearTranspose } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/**
 * The mean feature under masks of image resolution, one vector an image: features resized to the image (bilinear,
 * align_corners false), summed under the mask, divided by the mask's sum plus 1e-5.
 *
 * The masks are pulled back onto the grid instead, which gives the same sums without ever making the large features.
 *
 * @param features [S, h, w, C]
 * @param masks [S, H, W], in [0, 1]
 * @returns [S, C]; zeros under an empty mask
 */
export function imageMaskedMean(features: tf.Tensor4D, masks: tf.Tensor3D): tf.Tensor2D {
  const [, height, width] = features.shape;
  return tf.tidy(() =>
    maskedAveragePool(features, resizeBilinearTranspose(masks, [height, width], { alignCorners: false })),
  );
}

/** The prototype of several shots: the mean of each shot's {@link imageMaskedMean}. -> [1, C] */
export function shotMeanPrototype(features: tf.Tensor4D, masks: tf.Tensor3D): tf.Tensor2D {
  return tf.tidy(() => tf.mean(imageMaskedMean(features, masks), 0, true) as tf.Tensor2D);
}
