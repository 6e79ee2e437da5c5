import type { ParameterRecord } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { type Expertise, oneHotExpertise } from './expertise.js';
import type { ByNetwork, Mrnet } from './model.js';

/**
 * Final logits of one image under several expertise vectors, outside training: coarse, reconstruction, refinement
 * (spec section 11.2 A5). The image is encoded once.
 *
 * @param image [1, H, W, 3], normalised
 * @returns one map a vector [N, H, W, K]; probability is the sigmoid, foreground above 0. The caller owns it.
 */
export function mrnetLogits(
  model: Mrnet,
  parameters: ByNetwork<ParameterRecord>,
  image: tf.Tensor4D,
  vectors: readonly Expertise[],
): tf.Tensor4D {
  const evaluating = { training: false };
  const size = [image.shape[1], image.shape[2]] as const;
  return tf.tidy(() => {
    const { outputs: encoded } = model.coarse.encode(parameters.coarse, image, evaluating);
    const maps = vectors.map((vector) =>
      tf.tidy(() => {
        const expertise = tf.tensor2d([[...vector]]);
        const first = model.coarse.decode(parameters.coarse, { encoded, expertise, size }, evaluating).outputs;
        const second = model.reconstruction.apply(
          parameters.reconstruction,
          { images: image, coarse: first.logits, expertise },
          evaluating,
        ).outputs;
        const inputs = { features: first.features, coarse: first.logits, raters: second.raters };
        return model.refinement.apply(parameters.refinement, inputs, evaluating).outputs;
      }),
    );
    return tf.concat(maps, 0) as tf.Tensor4D;
  });
}

/** The vectors that ask for each rater alone. */
export function raterExpertise(raters: number): Expertise[] {
  return Array.from({ length: raters }, (_, rater) => oneHotExpertise(raters, rater));
}
