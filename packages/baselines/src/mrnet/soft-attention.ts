import { conv2d } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** Rows and columns of the attention kernel. */
export const attentionKernelSize = 31;

/**
 * The first value of the attention kernel [size, size], row by row: roots of products of the normal distribution's mass
 * in `size` equal intervals, scaled to a sum of 1.
 *
 * @param deviations how many standard deviations the interval centres span to both sides
 * @see Ji et al., MRNet, section 3.3; the kernel of Wu et al., Cascaded Partial Decoder, CVPR 2019.
 */
export function attentionKernel(size = attentionKernelSize, deviations = 4): Float64Array {
  const half = deviations + (2 * deviations + 1) / size / 2;
  const edge = (i: number): number => -half + (2 * half * i) / size;
  const mass = Float64Array.from({ length: size }, (_, i) => normalMass(edge(i), edge(i + 1)));
  const kernel = Float64Array.from({ length: size * size }, (_, k) =>
    Math.sqrt(mass[Math.floor(k / size)]! * mass[k % size]!),
  );
  const sum = kernel.reduce((total, value) => total + value, 0);
  return kernel.map((value) => value / sum);
}

/** The standard normal distribution's mass between two points: Gauss-Legendre on short pieces, exact to rounding. */
function normalMass(from: number, to: number): number {
  const nodes = [0.1834346424956498, 0.525532409916329, 0.7966664774136267, 0.9602898564975363];
  const weights = [0.362683783378362, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763];
  const [centre, reach] = [(from + to) / 2, (to - from) / 2];
  const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const pairs = nodes.map((node, i) => weights[i]! * (density(centre - reach * node) + density(centre + reach * node)));
  return reach * pairs.reduce((total, value) => total + value, 0);
}

/** Every map of a batch between 0 and 1: `(x - min) / (max - min + 1e-8)` over its positions. [B, H, W, C] */
export function minMaxNormalise(x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const least = tf.min(x, [1, 2], true);
    const most = tf.max(x, [1, 2], true);
    return tf.div(tf.sub(x, least), tf.add(tf.sub(most, least), 1e-8)) as tf.Tensor4D;
  });
}

/**
 * Soft(a, G): features where attention is, or near there. The map is blurred by a learned kernel and normalised; of
 * blurred and plain the larger counts.
 *
 * @param attention [B, H, W, 1]
 * @param features [B, H, W, C]
 * @param kernel [size, size, 1, 1]
 * @returns features times `max(normalised(kernel * a), a)`
 */
export function softAttention(attention: tf.Tensor4D, features: tf.Tensor4D, kernel: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const blurred = conv2d(attention, kernel, { padding: (kernel.shape[0] - 1) / 2 });
    return tf.mul(features, tf.maximum(minMaxNormalise(blurred), attention)) as tf.Tensor4D;
  });
}

/**
 * How much raters disagree: the standard deviation (divisor R - 1) of their probabilities; 0 for a single rater.
 *
 * @param raterLogits [B, H, W, R, K]
 * @returns [B, H, W, K]
 */
export function raterUncertainty(raterLogits: tf.Tensor5D): tf.Tensor4D {
  return tf.tidy(() => {
    const raters = raterLogits.shape[3];
    const { variance } = tf.moments(tf.sigmoid(raterLogits), 3);
    return tf.sqrt(tf.mul(variance, raters / Math.max(1, raters - 1))) as tf.Tensor4D;
  });
}
