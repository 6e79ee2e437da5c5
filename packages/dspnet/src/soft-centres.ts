import * as tf from '@tensorflow/tfjs';
import type { Seed } from './seeds.js';

/** Squared distances are divided by this, in features and in cells alike. */
const spread = 100;

/** A position is inside where its resized mask is 1; the slack is for the rounding of the resize. */
const inside = 1 - 1e-6;

/**
 * The mean features of soft superpixels. Each centre starts at a seed and moves to the mean of all positions inside
 * the mask, the nearer ones in feature and place counting more; centres do not compete for positions (DSPNet).
 *
 * The published program computes this without gradient; here it happens on plain numbers, and the result is a constant.
 *
 * @param features [h, w, C]
 * @param mask [h, w]
 * @param seeds feature cells; those outside the grid are moved to its rim
 * @returns [seeds.length, C]; zeros where no position is wholly inside the mask
 */
export function softCentres(
  features: tf.Tensor3D,
  mask: tf.Tensor2D,
  seeds: readonly Seed[],
  steps: number,
): tf.Tensor2D {
  const [height, width, channels] = features.shape;
  const values = features.dataSync();
  const shares = mask.dataSync();
  const numbers = Int32Array.from(shares.keys()).filter((i) => shares[i]! >= inside);
  const points = pointsAt(numbers, values, width, channels);
  const starts = seeds.map(([row, column]) => Math.min(row, height - 1) * width + Math.min(column, width - 1));
  const centres = new Float32Array(seeds.length * channels);
  for (const [index, start] of starts.entries()) {
    let centre = pointsAt([start], values, width, channels);
    for (let step = 0; step < steps; step++) centre = weightedMean(points, centre);
    centres.set(centre.subarray(0, channels), index * channels);
  }
  return tf.tensor2d(centres, [seeds.length, channels]);
}

/** Features, row and column of positions, one after the other. */
function pointsAt(
  numbers: ArrayLike<number>,
  values: ArrayLike<number>,
  width: number,
  channels: number,
): Float64Array {
  const points = new Float64Array(numbers.length * (channels + 2));
  let next = 0;
  for (let index = 0; index < numbers.length; index++) {
    const number = numbers[index]!;
    for (let channel = 0; channel < channels; channel++) points[next++] = values[number * channels + channel]!;
    points[next++] = Math.floor(number / width);
    points[next++] = number % width;
  }
  return points;
}

/** The mean of points weighted by `exp(-distance)` to a centre; zeros where there are no points. */
function weightedMean(points: Float64Array, centre: Float64Array): Float64Array {
  const size = centre.length;
  const weights = new Float64Array(points.length / size);
  let nearest = Number.POSITIVE_INFINITY;
  for (let j = 0; j < weights.length; j++) {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += (points[j * size + i]! - centre[i]!) ** 2;
    weights[j] = Math.sqrt(sum / spread);
    nearest = Math.min(nearest, weights[j]!);
  }
  // Relative to the nearest point, so that far centres keep weights above zero.
  let total = 0;
  for (let j = 0; j < weights.length; j++) {
    weights[j] = Math.exp(nearest - weights[j]!);
    total += weights[j]!;
  }
  const mean = new Float64Array(size);
  for (let j = 0; j < weights.length; j++) {
    const weight = weights[j]! / total;
    for (let i = 0; i < size; i++) mean[i]! += weight * points[j * size + i]!;
  }
  return mean;
}
