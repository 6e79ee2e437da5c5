import type { AnnotatedImage, Episode } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import type { SampleEpisode, SliceSample } from '../types.js';

/**
 * A slice as tensors: the grey image on three channels [H, W, 3], masks [H, W] of 0 and 1 by rater.
 * The caller owns the tensors.
 */
export function toAnnotatedImage(
  { height, width, image, masks }: SliceSample,
  raters: readonly string[],
): AnnotatedImage {
  return {
    image: tf.tidy(() => tf.tile(tf.tensor3d(image, [height, width, 1]), [1, 1, 3])),
    masks: Object.fromEntries(
      masks.map((mask, index) => [raters[index]!, tf.tensor2d(new Float32Array(mask), [height, width])]),
    ),
  };
}

/** An episode as tensors for `@fsmr/core`, one support image. The caller owns the tensors: `tf.dispose(episode)`. */
export function toTensors({ raters, support, query }: SampleEpisode): Episode {
  return {
    raters,
    support: [toAnnotatedImage(support, raters)],
    query: toAnnotatedImage(query, raters),
  };
}
