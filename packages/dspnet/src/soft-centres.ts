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
  const point = (row: number, column: number): Float64Array => {
    const start = (row * width + column) * channels;
    return Float64Array.from([...values.subarray(start, start + channels), row, column]);
  };
  const points: Float64Array[] = [];
  mask.dataSync().forEach((share, i) => {
    if (share >= inside) points.push(point(Math.floor(i / width), i % width));
  });
  const centres = seeds.map(([row, column]) => {
    let centre = point(Math.min(row, height - 1), Math.min(column, width - 1));
    for (let step = 0; step < steps; step++) centre = weightedMean(points, centre);
    return centre.subarray(0, channels);
  });
  return tf.tensor2d(
    centres.flatMap((centre) => [...centre]),
    [seeds.length, channels],
  );
}

/** The mean of points weighted by `exp(-distance)` to a centre; zeros where there are no points. */
function weightedMean(points: readonly Float64Array[], centre: Float64Array): Float64Array {
  const distances = points.map((point) => {
    let sum = 0;
    for (let i = 0; i < centre.length; i++) sum += (point[i]! - centre[i]!) ** 2;
    return Math.sqrt(sum / spread);
  });
  // Relative to the nearest point, so that far centres keep weights above zero.
  const nearest = distances.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const weights = distances.map((distance) => Math.exp(nearest - distance));
  const total = weights.reduce((a, b) => a + b, 0);
  const mean = new Float64Array(centre.length);
  points.forEach((point, j) => {
    const weight = weights[j]! / total;
    for (let i = 0; i < mean.length; i++) mean[i]! += weight * point[i]!;
  });
  return mean;
}
