import { ConfigError, ShapeError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/**
 * How squared differences become one number.
 *
 * - `'sum'`: over rows and dimensions, divided by the number of raters, as the paper writes it.
 * - `'mean'`: over rows and dimensions, as the published program computes it.
 * - `'row'`: summed over dimensions, mean over rows: neither the width nor the number of prototypes weighs in.
 */
export type Reduction = (typeof reductions)[number];

/** All reductions. */
export const reductions = ['sum', 'mean', 'row'] as const;

/** What the loss compares, one class at a time; the losses of both classes are added. */
export interface CalibrationLossInputs {
  /** P [N, D]. */
  readonly prototypes: tf.Tensor2D;
  /** P~ [N, D]. */
  readonly calibrated: tf.Tensor2D;
  /** R, which `'sum'` divides by. */
  readonly raters: number;
  readonly reduction: Reduction;
}

/**
 * The calibration loss `1/R sum_r sum_c |p_c^(r) - p~_c^(r)|^2` for one class c (JAPC, section 2.5): it keeps calibrated
 * prototypes near those the masks gave. Gradient flows into both. Zero where there is no prototype.
 *
 * @throws ShapeError where the shapes differ; ConfigError for no rater or another reduction.
 */
export function calibrationLoss({ prototypes, calibrated, raters, reduction }: CalibrationLossInputs): tf.Scalar {
  if (prototypes.shape.join() !== calibrated.shape.join()) {
    throw new ShapeError(`prototypes [${prototypes.shape}] and calibrated [${calibrated.shape}] must have one shape.`);
  }
  if (!reductions.includes(reduction) || !(raters >= 1)) {
    throw new ConfigError(`a calibration loss of ${raters} raters cannot be reduced by ${JSON.stringify(reduction)}.`, {
      remedy: `Give at least one rater and one of ${reductions.join(', ')}.`,
    });
  }
  const [rows, width] = prototypes.shape;
  if (rows === 0) return tf.scalar(0);
  const divisor = reduction === 'sum' ? raters : reduction === 'row' ? rows : rows * width;
  return tf.tidy(() => tf.div(tf.sum(tf.squaredDifference(prototypes, calibrated)), divisor) as tf.Scalar);
}
