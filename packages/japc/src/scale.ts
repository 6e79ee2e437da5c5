import { safeNormalize } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** Directions and lengths of prototypes. */
export interface Polar {
  /** Unit rows [N, D]; a zero row stays zero. */
  readonly directions: tf.Tensor2D;
  /** [N, 1] */
  readonly lengths: tf.Tensor2D;
}

/**
 * Splits prototypes [N, D] so that `directions * lengths` gives them back, zero rows and their gradients included. Rows
 * shorter than 1e-4, which a cosine does not see at full length either, come back shorter still.
 */
export function splitLengths(prototypes: tf.Tensor2D): Polar {
  return tf.tidy(() => {
    const directions = safeNormalize(prototypes) as tf.Tensor2D;
    // <p, p/|p|> is |p| without a root of its own, whose slope at 0 would be infinite.
    return { directions, lengths: tf.sum(tf.mul(prototypes, directions), 1, true) as tf.Tensor2D };
  });
}
