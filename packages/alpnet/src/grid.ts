import { avgPool2d } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { windowCoverage } from './coverage.js';

/** Rows and columns of a pooling window, in feature cells. */
export type PoolingWindow = readonly [number, number];

/**
 * The window that cuts a feature grid into about `cells` by `cells` pieces, at least one feature cell wide.
 *
 * @param grid [h, w]
 */
export function trainingWindow([height, width]: readonly [number, number], cells: number): PoolingWindow {
  return [Math.max(1, Math.floor(height / cells)), Math.max(1, Math.floor(width / cells))];
}

/**
 * The mean feature of every cell of the grid.
 *
 * @param features [S, h, w, C]
 * @returns [S * G, C], shot by shot, each in reading order
 */
export function poolCells(features: tf.Tensor4D, window: PoolingWindow): tf.Tensor2D {
  return tf.tidy(() => tf.reshape(avgPool2d(features, window), [-1, features.shape[3]]) as tf.Tensor2D);
}

/**
 * The cells that a mask fills by more than the threshold, as rows of what {@link poolCells} returns.
 *
 * @param mask [S_r, h, w], in [0, 1]
 * @param shots which of the S support images the mask speaks of
 */
export function filledCells(
  mask: tf.Tensor3D,
  shots: readonly number[],
  window: PoolingWindow,
  threshold: number,
): number[] {
  const coverage = windowCoverage(mask, window);
  // The published program compares in float32.
  const least = Math.fround(threshold);
  const perShot = coverage.length / mask.shape[0];
  const filled: number[] = [];
  coverage.forEach((share, i) => {
    if (share > least) filled.push(shots[Math.floor(i / perShot)]! * perShot + (i % perShot));
  });
  return filled;
}

/**
 * Rows by index: a product with a matrix of zeros and ones, because the gradient of `tf.gather` walks over all rows.
 *
 * @param cells [M, C]
 * @returns [indices.length, C]
 */
export function selectCells(cells: tf.Tensor2D, indices: readonly number[]): tf.Tensor2D {
  const [count, channels] = cells.shape;
  if (indices.length === 0) return tf.zeros([0, channels]);
  return tf.tidy(() => {
    const choice = new Float32Array(indices.length * count);
    indices.forEach((index, row) => {
      choice[row * count + index] = 1;
    });
    return tf.matMul(tf.tensor2d(choice, [indices.length, count]), cells);
  });
}
