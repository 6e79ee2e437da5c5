import { maskedAveragePool } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import type { Seed } from './seeds.js';
import { softCentres } from './soft-centres.js';

/** One support image as the class prototype sees it. */
export interface RefinementInputs {
  /** [1, h, w, C] */
  readonly features: tf.Tensor4D;
  /** The same after cross attention with the query [h * w, C]. */
  readonly attended: tf.Tensor2D;
  /** [1, h, w], in [0, 1] */
  readonly mask: tf.Tensor3D;
  /** Where soft superpixels start; without seeds the mean attended feature is the one centre. */
  readonly seeds: readonly Seed[];
  readonly clusteringSteps: number;
}

/**
 * The class prototype of one shot, refined: each centre (of a soft superpixel, or of the whole mask) is laid over the
 * positions it resembles most, the result is added to the features, and their mean under the mask is the prototype
 * (DSPNet, foreground semantic prototype attention).
 *
 * @returns [1, C]; zeros where the mask is empty
 */
export function refinedClassPrototype(inputs: RefinementInputs): tf.Tensor2D {
  const { features, attended, mask, seeds, clusteringSteps } = inputs;
  const [, height, width, channels] = features.shape;
  return tf.tidy(() => {
    const mean = maskedAveragePool(features, mask, 1e-5);
    const centres =
      seeds.length === 0
        ? maskedAveragePool(tf.reshape(attended, [1, height, width, channels]), mask, 1e-5)
        : softCentres(tf.squeeze(features, [0]), tf.squeeze(mask, [0]), seeds, clusteringSteps);
    const spread = tf.softmax(tf.matMul(centres, attended, false, true));
    // The mean of a map that is a sum over centres is the sum of the centres, each by its mean share of the mask.
    const column = tf.reshape(mask, [height * width, 1]);
    const shares = tf.div(tf.matMul(spread, column), tf.add(tf.sum(column), 1e-5));
    return tf.add(mean, tf.matMul(shares, centres, true, false)) as tf.Tensor2D;
  });
}
