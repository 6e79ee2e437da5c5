import { type Matrix, maxPool2d, separable } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

function pairs(input: number): Matrix {
  const rows = Math.ceil(input / 2);
  const values = new Float32Array(rows * input);
  for (let i = 0; i < input; i++) values[Math.floor(i / 2) * input + i] = i === input - 1 && input % 2 === 1 ? 1 : 0.5;
  return { rows, columns: input, values };
}

/** The mean of every 2x2 window; a window over the edge is the mean of what it holds. [B, H, W, C], sizes rounded up. */
export function avgPoolCeil(x: tf.Tensor4D): tf.Tensor4D {
  return separable(x, pairs(x.shape[1]), pairs(x.shape[2]));
}

/** The mean of every whole 2x2 window. [B, H, W, C], sizes rounded down. */
export function avgPoolFloor(x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, height, width, channels] = x.shape;
    if (height % 2 === 0 && width % 2 === 0) return avgPoolCeil(x);
    return avgPoolCeil(tf.slice(x, [0, 0, 0, 0], [batch, height - (height % 2), width - (width % 2), channels]));
  });
}

/** The maximum of every 2x2 window, windows over the edge included. [B, H, W, C], sizes rounded up. */
export function maxPoolCeil(x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    let padded = x;
    // The last row or column once more: it changes no maximum, and of equal ones the first has the gradient.
    for (const axis of [1, 2] as const) {
      const extent = padded.shape[axis];
      if (extent % 2 === 0) continue;
      const begin = [0, 0, 0, 0];
      begin[axis] = extent - 1;
      padded = tf.concat([padded, tf.slice(padded, begin)], axis) as tf.Tensor4D;
    }
    return maxPool2d(padded, { size: 2, stride: 2, padding: 0 });
  });
}
