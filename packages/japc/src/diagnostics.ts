import { type ClassName, type Segmentation, ShapeError, safeNormalize } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** Smaller than any probability that matters, so that 0 log 0 is 0. */
const tiny = 1e-12;

/**
 * How evenly each prototype attends: the entropy of its row of the attention over log N. 1 says to all alike, which
 * makes every calibrated prototype the mean of all; 0 says to one alone. Rows are first divided by their sum.
 *
 * @param attention [N, N]
 * @returns [N]; ones where N is 1
 */
export function attentionEntropy(attention: tf.Tensor2D): tf.Tensor1D {
  const [rows] = attention.shape;
  if (rows <= 1) return tf.ones([rows]);
  return tf.tidy(() => {
    const shares = tf.div(attention, tf.maximum(tf.sum(attention, 1, true), tiny));
    const entropy = tf.neg(tf.sum(tf.mul(shares, tf.log(tf.maximum(shares, tiny))), 1));
    return tf.div(entropy, Math.log(rows)) as tf.Tensor1D;
  });
}

/**
 * The mean cosine between any two prototypes: 1 where all point the same way, that is where they have collapsed.
 *
 * @param prototypes [N, D]
 * @returns a scalar; 1 where there are fewer than two
 */
export function meanCosine(prototypes: tf.Tensor2D): tf.Scalar {
  const [rows] = prototypes.shape;
  if (rows < 2) return tf.scalar(1);
  return tf.tidy(() => {
    const directions = safeNormalize(prototypes);
    // The squared length of the sum holds every ordered pair and every row with itself.
    const all = tf.sum(tf.square(tf.sum(directions, 0)));
    const own = tf.sum(tf.square(directions));
    return tf.div(tf.sub(all, own), rows * (rows - 1)) as tf.Scalar;
  });
}

/**
 * Who attends to whom: row r, column s holds the share of their attention that the prototypes of rater r give to those
 * of rater s. Rows sum to one under softmax; a rater without prototypes has zeros.
 *
 * @param attention [N, N]
 * @param counts how many of the N prototypes each of the R raters has
 * @returns [R, R]
 * @throws ShapeError where the counts do not add up to N.
 */
export function raterAttention(attention: tf.Tensor2D, counts: readonly number[]): tf.Tensor2D {
  const [rows] = attention.shape;
  if (counts.reduce((sum, count) => sum + count, 0) !== rows) {
    throw new ShapeError(`counts ${counts.join(' + ')} do not add up to the ${rows} rows of the attention.`);
  }
  return tf.tidy(() => {
    let before = 0;
    const membership = tf.tensor2d(
      counts.flatMap((count) => {
        const own = Array.from({ length: rows }, (_, row) => (row >= before && row < before + count ? 1 : 0));
        before += count;
        return own;
      }),
      [counts.length, rows],
    );
    const given = tf.matMul(tf.matMul(membership, attention), membership, false, true);
    return tf.div(given, tf.maximum(tf.expandDims(tf.tensor1d([...counts]), 1), 1)) as tf.Tensor2D;
  });
}

/** What calibration did to one class at one level, in plain numbers. */
export interface CalibrationReport {
  readonly className: ClassName;
  readonly level: number;
  /** Prototypes of each rater. */
  readonly counts: readonly number[];
  /** Mean of {@link attentionEntropy}. */
  readonly entropy: number;
  /** {@link meanCosine} of all raters' prototypes before and after. */
  readonly meanCosine: { readonly before: number; readonly after: number };
  /** {@link raterAttention}, row by row. */
  readonly raterAttention: readonly (readonly number[])[];
}

/**
 * Reads from a segmentation which rater attended to whom, how evenly, and how much the prototypes point the same way
 * before and after. Classes and levels without attention are left out.
 */
export async function inspectCalibration(segmentation: Pick<Segmentation, 'classes'>): Promise<CalibrationReport[]> {
  const reports: CalibrationReport[] = [];
  for (const [name, outcome] of Object.entries(segmentation.classes)) {
    const { prototypes, calibration } = outcome;
    for (const [level, attention] of (calibration?.attention ?? []).entries()) {
      const counts = prototypes.map(({ levels }) => levels[level]!.shape[0]);
      if (attention.shape[0] === 0) continue;
      const at = (raters: readonly { readonly levels: readonly tf.Tensor2D[] }[]): tf.Tensor2D =>
        tf.concat(raters.map(({ levels }) => levels[level]!));
      const numbers = tf.tidy(() => ({
        entropy: tf.mean(attentionEntropy(attention)),
        before: meanCosine(at(prototypes)),
        after: meanCosine(at(calibration!.raters)),
        shares: raterAttention(attention, counts),
      }));
      const [[entropy], [before], [after], shares] = (await Promise.all([
        numbers.entropy.data(),
        numbers.before.data(),
        numbers.after.data(),
        numbers.shares.array(),
      ])) as [Float32Array, Float32Array, Float32Array, number[][]];
      tf.dispose(numbers);
      reports.push({
        className: name as ClassName,
        level,
        counts,
        entropy: entropy!,
        meanCosine: { before: before!, after: after! },
        raterAttention: shares,
      });
    }
  }
  return reports;
}
