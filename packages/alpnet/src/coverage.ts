import { ShapeError } from '@fsmr/core';
import type * as tf from '@tensorflow/tfjs';
import type { PoolingWindow } from './grid.js';

/**
 * How much of every window a mask fills, rounded as `torch.nn.functional.avg_pool2d` rounds on the CPU: summed in
 * float32 in reading order, then divided. Raters who share a cell reach a threshold exactly (four of five, and three
 * quarters of the fifth, are 0.95), so the last bit decides which prototypes there are.
 *
 * @param mask [S, h, w], in [0, 1]
 * @returns [S * G], shot by shot, each in reading order; what remains at the end is dropped
 * @throws ShapeError where the window exceeds the mask.
 */
export function windowCoverage(mask: tf.Tensor3D, [tall, wide]: PoolingWindow): Float32Array {
  const [shots, height, width] = mask.shape;
  if (height < tall || width < wide) {
    throw new ShapeError(`a pooling window of ${tall}x${wide} exceeds masks [${mask.shape}].`);
  }
  const values = mask.dataSync();
  const [rows, columns] = [Math.floor(height / tall), Math.floor(width / wide)];
  const coverage = new Float32Array(shots * rows * columns);
  for (let cell = 0; cell < coverage.length; cell++) {
    const top = (Math.floor(cell / columns) % rows) * tall + Math.floor(cell / (rows * columns)) * height;
    const left = (cell % columns) * wide;
    let sum = 0;
    for (let y = top; y < top + tall; y++) {
      for (let x = left; x < left + wide; x++) sum = Math.fround(sum + values[y * width + x]!);
    }
    coverage[cell] = sum / (tall * wide);
  }
  return coverage;
}
