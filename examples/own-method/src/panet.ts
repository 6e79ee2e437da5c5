import {
  cosineSimilarity,
  definePrototypeMethod,
  maskedAveragePool,
  type PrototypeMethod,
  selectShots,
} from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/**
 * The mean feature under a mask, compared by cosine: the idea of K. Wang, J. Liew, Y. Zou, D. Zhou, J. Feng, PANet:
 * few-shot image semantic segmentation with prototype alignment, ICCV 2019.
 */
export function panet(scale = 20): PrototypeMethod<undefined> {
  return definePrototypeMethod<undefined>({
    name: 'panet',
    // One prototype [1, C]: the mean over the shots this rater outlined. Raters, classes and shots are not our business.
    extract: ({ support, mask, shots }) =>
      tf.tidy(() => {
        const ofShots = maskedAveragePool(selectShots(support.maps[0]!, shots), mask);
        return { levels: [tf.mean(ofShots, 0, true) as tf.Tensor2D] };
      }),
    // [h, w]: how much each query position resembles the prototype.
    score: ({ query, prototypes }) => [
      tf.tidy(() => {
        const cosines = cosineSimilarity(query.maps[0]!, prototypes.levels[0]!, 1e-4);
        return tf.mul(tf.squeeze(cosines, [0, 3]), scale) as tf.Tensor2D;
      }),
    ],
  });
}
