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
 * @returns [N, D]
 * @throws ShapeError where widths or counts do not fit, or as {@link consensusRows} does.
 */
export function deviations(inputs: DeviationInputs): tf.Tensor2D {
  return tf.tidy(() => tf.sub(inputs.prototypes, consensusRows(inputs)));
}

/**
 * p^(0), what each prototype is compared with.
 *
 * Where the consensus mask has no prototype, as happens when raters share no whole cell, the mean of all raters'
 * prototypes stands in for it.
 *
 * @returns [1, D], or [N, D] where each has its own
 * @throws ShapeError where widths or counts do not fit; under `'one-to-one'` where a rater has another number of
 * prototypes than the consensus, unless that has none.
 */
export function consensusRows({ prototypes, counts, consensus, comparison }: DeviationInputs): tf.Tensor2D {
  const [rows, width] = prototypes.shape;
  const count = consensus.shape[0];
  if (consensus.shape[1] !== width || counts.reduce((sum, own) => sum + own, 0) !== rows) {
    throw new ShapeError(
      `prototypes [${prototypes.shape}] of ${counts.join(' + ')} rows with a consensus [${consensus.shape}].`,
    );
  }
  const unequal = comparison === 'one-to-one' && count > 0 ? counts.findIndex((own) => own !== count) : -1;
  if (unequal >= 0) {
    throw new ShapeError(
      `rater ${unequal} has ${counts[unequal]} prototypes and the consensus ${count}, which cannot be compared one to one.`,
      { remedy: "Compare with the 'mean' or the 'nearest' consensus prototype." },
    );
  }
  return tf.tidy(() => {
    if (count === 0) return tf.mean(prototypes, 0, true);
    if (comparison === 'one-to-one') return tf.tile(consensus, [counts.length, 1]);
    // One consensus vector is its own mean and the nearest there is.
    if (comparison === 'mean' || count === 1) return tf.mean(consensus, 0, true);
    return nearest(prototypes, consensus);
  });
}

/** The consensus prototype with the largest cosine to each prototype [N, D]; the choice has no gradient, the value has. */
function nearest(prototypes: tf.Tensor2D, consensus: tf.Tensor2D): tf.Tensor2D {
  const cosines = tf.matMul(safeNormalize(prototypes), safeNormalize(consensus), false, true);
  // A product, because tf.gather has no gradient where its indices were computed.
  return tf.matMul(tf.oneHot(tf.argMax(cosines, 1), consensus.shape[0]), consensus);
}
