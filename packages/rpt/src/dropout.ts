import { ConfigError, type Random } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** Sets some entries to zero and scales the others, in training only. Attention [heads, N, N] or regions [N, C]. */
export type Dropout = (x: tf.Tensor, random: Random) => tf.Tensor;

/** Leaves everything as it is. */
export const noDropout: Dropout = (x) => x;

/**
 * Zeros entries with the given probability and divides the others by one minus it.
 *
 * @throws ConfigError for a rate outside [0, 1).
 */
export function seededDropout(rate: number): Dropout {
  if (!(rate >= 0 && rate < 1)) throw new ConfigError(`rpt: dropout must lie in [0, 1), not be ${rate}.`);
  if (rate === 0) return noDropout;
  return (x, random) =>
    tf.tidy(() => {
      const kept = new Float32Array(x.size).map(() => (random.chance(rate) ? 0 : 1 / (1 - rate)));
      return tf.mul(x, tf.tensor(kept, x.shape));
    });
}
