import { cosineSimilarity } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** Vectors shorter than this count as this long. */
const epsilon = 1e-4;

function similarities(query: tf.Tensor4D, prototypes: tf.Tensor2D, scale: number): tf.Tensor3D {
  return tf.squeeze(tf.mul(cosineSimilarity(query, prototypes, epsilon), scale), [0]);
}

/**
 * How similar each query position is to a set of prototypes: its scaled cosines, averaged with their own softmax as
 * weights, so that the nearest prototype speaks loudest (ALPNet, adaptive local prototype pooling). With one prototype
 * this is the scaled cosine.
 *
 * @param query features [1, h, w, C]
 * @param prototypes [N, C], N at least 1, of any length
 * @returns [h, w], between -scale and scale
 */
export function softAssignment(query: tf.Tensor4D, prototypes: tf.Tensor2D, scale: number): tf.Tensor2D {
  return tf.tidy(() => {
    const all = similarities(query, prototypes, scale);
    if (prototypes.shape[0] === 1) return tf.squeeze(all, [2]) as tf.Tensor2D;
    return tf.sum(tf.mul(tf.softmax(all, 2), all), 2) as tf.Tensor2D;
  });
}

/**
 * The most similar prototype of each query position, the first of equal ones. For pictures, not for computing.
 *
 * @param query features [1, h, w, C]
 * @param prototypes [N, C]
 * @returns row numbers [h, w], int32
 */
export function hardAssignment(query: tf.Tensor4D, prototypes: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => tf.argMax(similarities(query, prototypes, 1), 2) as tf.Tensor2D);
}
