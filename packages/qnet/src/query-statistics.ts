import * as tf from '@tensorflow/tfjs';

/** What refinement needs to know about one feature map of the query, the same for every rater and iteration. */
export interface QueryStatistics {
  /** The features, one position a row [h w, C]. */
  readonly rows: tf.Tensor2D;
  /** The numbers of `rows`, good for as long as those live. */
  readonly values: Float32Array;
  /** The same at unit length, as a map [1, h, w, C]. */
  readonly unit: tf.Tensor4D;
  /** Smallest and largest feature of each position. */
  readonly low: Float32Array;
  readonly high: Float32Array;
  /** Smallest and largest feature of all. */
  readonly range: readonly [number, number];
}

/**
 * @param features [1, h, w, C]
 * @param unit the same at unit length, see `unitFeatures`; kept, not copied
 * @returns statistics whose `rows` the caller owns.
 */
export function queryStatistics(features: tf.Tensor4D, unit: tf.Tensor4D): QueryStatistics {
  const [, height, width, channels] = features.shape;
  const rows = tf.reshape(features, [height * width, channels]) as tf.Tensor2D;
  const [low, high] = tf.tidy(() => [valuesOf(tf.min(rows, 1)), valuesOf(tf.max(rows, 1))] as const);
  return { rows, values: rows.dataSync<'float32'>(), unit, low, high, range: [smallest(low), largest(high)] };
}

function valuesOf(tensor: tf.Tensor): Float32Array {
  return new Float32Array(tensor.dataSync());
}

/** The least of the values, plus infinity for none. Typed arrays are too long for `Math.min(...)`. */
function smallest(values: Float32Array): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}

/** The greatest of the values, minus infinity for none. */
function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}
