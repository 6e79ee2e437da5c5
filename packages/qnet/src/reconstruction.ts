import * as tf from '@tensorflow/tfjs';
import type { QueryStatistics } from './query-statistics.js';

/** Where the prototype stands in for the features: 1 at each position predicted as foreground. */
export type HardMask = Float32Array;

/**
 * The gradient of Q-Net's reconstruction loss with respect to the prototype, in closed form.
 *
 * The loss compares the features F with G, which is F with the prototype at every masked position: both are scaled to
 * [0, 1] by their own extremes, passed through a sigmoid, and compared by binary cross-entropy in which the *scaled
 * features* are the prediction and G is the target (published program; mean over all n = C h w numbers). With f and g
 * the scaled values and Y = sigmoid(g), the loss is linear in Y with slope -f/n, so with u = -f Y (1 - Y) / n
 *
 *     dL/dp_c = sum over masked positions of u / (max G - min G), plus what arrives through the extremes.
 *
 * An extreme passes its gradient on in equal shares to all entries of G that attain it. Only a prototype entry that is
 * itself an extreme gets some; then, and only then, a sum over all features is needed.
 *
 * @param prototype C numbers
 * @returns C numbers; zeros for an empty mask and where features are all equal
 */
export function reconstructionGradient(query: QueryStatistics, prototype: Float32Array, mask: HardMask): Float64Array {
  const gradient = new Float64Array(prototype.length);
  const masked = mask.reduce((sum, value) => sum + value, 0);
  const [low, high] = extremes(query, prototype, mask);
  const featureRange = query.range[1] - query.range[0];
  const range = high - low;
  if (masked === 0 || featureRange === 0 || range === 0) return gradient;

  const count = query.rows.size;
  const sums = maskedSums(query.values, mask, prototype.length);
  let towardsHigh = 0;
  let towardsLow = 0;
  prototype.forEach((value, channel) => {
    const g = (value - low) / range;
    const u = (-slopeOfSigmoid(g) * (sums[channel]! - masked * query.range[0])) / featureRange / count;
    gradient[channel] = u / range;
    towardsHigh -= (u * g) / range;
    towardsLow -= (u * (1 - g)) / range;
  });

  const atHigh = channelsAt(prototype, high);
  const atLow = channelsAt(prototype, low);
  if (atHigh.length === 0 && atLow.length === 0) return gradient;
  const rest = outsideMask(query, mask, [low, high]);
  for (const channel of atHigh) {
    gradient[channel]! += ((towardsHigh + rest.towardsHigh) * masked) / (masked * atHigh.length + rest.atHigh);
  }
  for (const channel of atLow) {
    gradient[channel]! += ((towardsLow + rest.towardsLow) * masked) / (masked * atLow.length + rest.atLow);
  }
  return gradient;
}

/** Sum of each channel over the masked positions. Foregrounds are small, so plain numbers beat a matrix product. */
function maskedSums(values: Float32Array, mask: HardMask, channels: number): Float64Array {
  const sums = new Float64Array(channels);
  mask.forEach((inside, position) => {
    if (inside === 0) return;
    const start = position * channels;
    for (let channel = 0; channel < channels; channel++) sums[channel]! += values[start + channel]!;
  });
  return sums;
}

function slopeOfSigmoid(x: number): number {
  const y = 1 / (1 + Math.exp(-x));
  return y * (1 - y);
}

function channelsAt(prototype: Float32Array, extreme: number): number[] {
  return Array.from(prototype.keys()).filter((channel) => prototype[channel] === extreme);
}

/** Smallest and largest entry of G. */
function extremes({ low, high }: QueryStatistics, prototype: Float32Array, mask: HardMask): [number, number] {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  mask.forEach((inside, position) => {
    if (inside !== 0) return;
    least = Math.min(least, low[position]!);
    most = Math.max(most, high[position]!);
  });
  for (const value of prototype) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return [least, most];
}

/** What the unmasked positions add: their part of both sums, and how many of them attain an extreme. */
function outsideMask({ rows, range }: QueryStatistics, mask: HardMask, [low, high]: [number, number]) {
  return tf.tidy(() => {
    const outside = tf.sub(1, tf.tensor2d(mask, [mask.length, 1]));
    const f = tf.div(tf.sub(rows, range[0]), range[1] - range[0]);
    const g = tf.div(tf.sub(rows, low), high - low);
    const y = tf.sigmoid(g);
    const u = tf.mul(tf.mul(f, tf.mul(y, tf.sub(1, y))), tf.div(outside, -rows.size * (high - low)));
    const attain = (extreme: number) => tf.sum(tf.mul(tf.cast(tf.equal(rows, extreme), 'float32'), outside));
    const number = (scalar: tf.Tensor) => scalar.dataSync()[0]!;
    return {
      towardsHigh: -number(tf.sum(tf.mul(u, g))),
      towardsLow: -number(tf.sum(tf.mul(u, tf.sub(1, g)))),
      atHigh: number(attain(high)),
      atLow: number(attain(low)),
    };
  });
}
