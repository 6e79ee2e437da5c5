import * as tf from '@tensorflow/tfjs';
import { cosineEpsilon } from './probability.js';

/** What refinement needs to know about one feature map of the query, the same for every rater and iteration. */
export interface QueryStatistics {
  /** The features, one position a row [h w, C]. */
  readonly rows: tf.Tensor2D;
  /** Norm of each row, clamped as in the cosine [h w, 1]. */
  readonly norms: tf.Tensor2D;
  /** Smallest and largest feature of each position. */
  readonly low: Float32Array;
  readonly high: Float32Array;
  /** Smallest and largest feature of all. */
  readonly range: readonly [number, number];
}

/** @param features [1, h, w, C]. The caller owns `rows` and `norms`. */
export function queryStatistics(features: tf.Tensor4D): QueryStatistics {
  const [, height, width, channels] = features.shape;
  const [rows, norms, lows, highs] = tf.tidy(() => {
    const flat = tf.reshape(features, [height * width, channels]) as tf.Tensor2D;
    const squares = tf.sum(tf.square(flat), 1, true);
    const clamped = tf.sqrt(tf.maximum(squares, cosineEpsilon ** 2)) as tf.Tensor2D;
    return [flat, clamped, tf.min(flat, 1), tf.max(flat, 1)] as const;
  });
  const low = Float32Array.from(lows.dataSync());
  const high = Float32Array.from(highs.dataSync());
  tf.dispose([lows, highs]);
  return { rows, norms, low, high, range: [smallest(low), largest(high)] };
}

/** The least of the values, plus infinity for none. Typed arrays are too long for `Math.min(...)`. */
export function smallest(values: Float32Array): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}

/** The greatest of the values, minus infinity for none. */
export function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}
