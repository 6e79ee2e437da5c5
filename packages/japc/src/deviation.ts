import { ShapeError, safeNormalize } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/**
 * What a rater's prototype is compared with.
 *
 * - `'mean'`: the mean of the consensus prototypes, as the published program does; always defined.
 * - `'nearest'`: the consensus prototype with the largest cosine; a local prototype whose cell the consensus also
 *   holds then deviates by zero.
 * - `'one-to-one'`: row i of the rater with row i of the consensus, as section 2.3 writes it; only for methods whose
 *   number of prototypes does not depend on the mask.
 */
export type Comparison = 'mean' | 'nearest' | 'one-to-one';

/** What deviations are computed from. */
export interface DeviationInputs {
  /** P [N, D], those of rater 1 first. */
  readonly prototypes: tf.Tensor2D;
  /** How many rows belong to each rater. */
  readonly counts: readonly number[];
  /** P0 [N0, D]. */
  readonly consensus: tf.Tensor2D;
  readonly comparison: Comparison;
}

/**
 * Delta = p^(r) - p^(0), how each prototype differs from the consensus (JAPC, section 2.3).
 *
 * Where the consensus mask has no prototype, as happens when raters share no whole cell, the mean of all raters'
 * prototypes stands in for it.
 *
 * @returns [N, D]
 * @throws ShapeError under `'one-to-one'` where a rater has another number of prototypes than the consensus.
 */
export function deviations({ prototypes, counts, consensus, comparison }: DeviationInputs): tf.Tensor2D {
  return tf.tidy(() => {
    const count = consensus.shape[0];
    if (count === 0) return tf.sub(prototypes, tf.mean(prototypes, 0, true));
    // One consensus vector is its own mean and the nearest there is.
    if (comparison === 'mean' || (comparison === 'nearest' && count === 1))
      return tf.sub(prototypes, tf.mean(consensus, 0, true));
    if (comparison === 'nearest') return tf.sub(prototypes, nearest(prototypes, consensus));
    const unequal = counts.findIndex((own) => own !== count);
    if (unequal >= 0) {
      throw new ShapeError(
        `rater ${unequal} has ${counts[unequal]} prototypes and the consensus ${count}, which cannot be compared one to one.`,
        { remedy: "Compare with the 'mean' or the 'nearest' consensus prototype." },
      );
    }
    return tf.sub(prototypes, tf.tile(consensus, [counts.length, 1]));
  });
}

/** The consensus prototype with the largest cosine to each prototype [N, D]; the choice has no gradient, the value has. */
function nearest(prototypes: tf.Tensor2D, consensus: tf.Tensor2D): tf.Tensor2D {
  const cosines = tf.matMul(safeNormalize(prototypes), safeNormalize(consensus), false, true);
  // A product, because tf.gather has no gradient where its indices were computed.
  return tf.matMul(tf.oneHot(tf.argMax(cosines, 1), consensus.shape[0]), consensus);
}
