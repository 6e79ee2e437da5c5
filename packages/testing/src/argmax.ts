import type * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';

/**
 * Asserts that each index names the largest of its row, or one that equals it within `slack`: where two scores tie, the
 * last bit decides, and that differs between libraries.
 *
 * @param scores [M, N]
 * @param indices M numbers
 */
export function expectLargest(scores: tf.Tensor2D, indices: ArrayLike<number>, slack = 1e-6): void {
  const [rows, columns] = scores.shape;
  expect(indices.length).toBe(rows);
  const values = scores.dataSync();
  let shortfall = 0;
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * columns, (row + 1) * columns);
    shortfall = Math.max(shortfall, Math.max(...own) - own[indices[row]!]!);
  }
  expect(shortfall).toBeLessThanOrEqual(slack);
}
