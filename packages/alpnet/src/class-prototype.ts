import { maskedAveragePool, selectShots } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/**
 * The mean feature under a mask in each shot it speaks of.
 *
 * @param features of all support images [S, h, w, C]
 * @param mask [S_r, h, w], in [0, 1]
 * @param shots which of the S images
 * @returns [S_r, C]; zeros where the mask is empty
 */
export function classPrototypes(features: tf.Tensor4D, mask: tf.Tensor3D, shots: readonly number[]): tf.Tensor2D {
  return tf.tidy(() => maskedAveragePool(selectShots(features, shots), mask, 1e-5));
}

/** The mean over shots. [S_r, C] -> [1, C] */
export function meanOverShots(prototypes: tf.Tensor2D): tf.Tensor2D {
  return tf.mean(prototypes, 0, true);
}
