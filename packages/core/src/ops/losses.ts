import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../errors.js';

/** Which positions count, and how much. */
export interface ClassLossOptions {
  /** One weight a class, all 1 unless given. */
  readonly classWeights?: readonly number[];
  /** Positions with this label are left out, 255 unless given; so are labels of no class. */
  readonly ignore?: number;
}

/** The weighted mean over positions of minus the logarithm at the labelled class. */
function negativeLogLikelihood(logarithms: tf.Tensor, labels: tf.Tensor, options: ClassLossOptions): tf.Scalar {
  const { classWeights, ignore = 255 } = options;
  const classes = logarithms.shape[logarithms.rank - 1]!;
  if (labels.size * classes !== logarithms.size) {
    throw new ShapeError(`labels [${labels.shape}] do not lie on scores [${logarithms.shape}].`);
  }
  if (classWeights !== undefined && classWeights.length !== classes) {
    throw new ShapeError(`${classWeights.length} class weights for ${classes} classes.`);
  }
  const flat = tf.cast(tf.reshape(labels, [-1]), 'int32');
  let weights: tf.Tensor = tf.cast(tf.oneHot(flat, classes), 'float32');
  if (ignore >= 0 && ignore < classes) {
    weights = tf.mul(weights, tf.expandDims(tf.cast(tf.notEqual(flat, ignore), 'float32'), 1));
  }
  if (classWeights !== undefined) weights = tf.mul(weights, tf.tensor1d([...classWeights]));
  const likelihood = tf.sum(tf.mul(weights, tf.reshape(logarithms, [-1, classes])));
  return tf.div(tf.neg(likelihood), tf.sum(weights)) as tf.Scalar;
}

/**
 * Cross entropy of logits, the weighted mean as `torch.nn.functional.cross_entropy`: divided by the sum of the weights
 * of the positions that count. Not a number where no position counts, as there.
 *
 * @param logits [..., K]
 * @param labels [...], whole numbers in any dtype
 * @throws ShapeError where the shapes do not fit.
 */
export function crossEntropy(logits: tf.Tensor, labels: tf.Tensor, options: ClassLossOptions = {}): tf.Scalar {
  return tf.tidy(() => negativeLogLikelihood(tf.logSoftmax(logits, -1), labels, options));
}

/** The distance from 1 to the next float32, `torch.finfo(torch.float32).eps`. */
const floatEpsilon = 2 ** -23;

/**
 * Probabilities kept in [2^-23, 1 - 2^-23], so that their logarithms are finite; where the clamp holds there is no
 * gradient. The cross entropy of those logarithms is the published likelihood loss (Q-Net, RPT; training section 10.7).
 *
 * @param probabilities in [0, 1], of any shape
 * @returns of the same shape; the caller owns it.
 */
export function clampProbabilities<T extends tf.Tensor>(probabilities: T): T {
  return tf.clipByValue(probabilities, floatEpsilon, 1 - floatEpsilon);
}
