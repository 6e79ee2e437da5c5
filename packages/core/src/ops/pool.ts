import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../errors.js';
import { spread, window } from './conv2d-gradients.js';
import { differentiable } from './differentiable.js';
import { runKernel } from './kernels.js';
import { type Matrix, separable } from './separable.js';

/** Size, step and margin of a pooling window, the same in both directions. */
export interface MaxPoolOptions {
  readonly size: number;
  readonly stride: number;
  /** Cells of minus infinity on each side. */
  readonly padding: number;
}

/** Backends whose own gradient is known to go to the first of several equal maxima, as PyTorch's does. */
const firstMaximum: ReadonlySet<string> = new Set(['cpu', 'onnxruntime']);

/**
 * The maximum of every window, as `torch.nn.functional.max_pool2d`; of several equal maxima the first in reading order
 * gets the gradient.
 *
 * @param x [B, H, W, C]
 * @returns [B, floor((H + 2 padding - size) / stride) + 1, ..., C]
 * @throws ShapeError where the window exceeds the padded image.
 */
export function maxPool2d(x: tf.Tensor4D, { size, stride, padding }: MaxPoolOptions): tf.Tensor4D {
  if (Math.min(x.shape[1], x.shape[2]) + 2 * padding < size) {
    throw new ShapeError(`a pooling window of ${size} exceeds images [${x.shape}].`);
  }
  const attributes = { filterSize: [size, size], strides: [stride, stride], pad: padding };
  const [y] = differentiable({
    inputs: { x },
    forward: (save) => {
      const result = runKernel('MaxPool', { x }, attributes)[0]!;
      save([x, result]);
      return [result];
    },
    backward: ([dy], [input, output]) => ({
      x: () =>
        firstMaximum.has(tf.getBackend())
          ? runKernel('MaxPoolGrad', { dy, input, output }, attributes)[0]!
          : maxPoolGradient(dy as tf.Tensor4D, input as tf.Tensor4D, output as tf.Tensor4D, { size, stride, padding }),
    }),
  });
  return y as tf.Tensor4D;
}

/** Walks over the taps of the window in reading order and gives the gradient to the first that holds the maximum. */
export function maxPoolGradient(
  dy: tf.Tensor4D,
  input: tf.Tensor4D,
  output: tf.Tensor4D,
  { size, stride, padding }: MaxPoolOptions,
): tf.Tensor4D {
  const [batch, height, width, channels] = input.shape;
  const [, outHeight, outWidth] = output.shape;
  // Room for every tap of every window; rows and columns that no window reaches fall off at the end.
  const tall = Math.max(height + 2 * padding, outHeight * stride + size);
  const wide = Math.max(width + 2 * padding, outWidth * stride + size);
  return tf.tidy(() => {
    const around: [number, number][] = [
      [0, 0],
      [padding, tall - height - padding],
      [padding, wide - width - padding],
      [0, 0],
    ];
    const padded = tf.pad(input, around, -3.4e38);
    let gradient: tf.Tensor4D = tf.zeros([batch, tall, wide, channels]);
    let open: tf.Tensor4D = tf.ones(output.shape);
    for (let tap = 0; tap < size * size; tap++) {
      const [row, column] = [Math.floor(tap / size), tap % size];
      const step = tf.tidy(() => {
        const seen = window(padded, [row, column], [outHeight, outWidth], [stride, stride]);
        const hit = tf.mul(open, tf.cast(tf.equal(seen, output), 'float32'));
        const share = spread(tf.mul(hit, dy), [stride, stride]);
        const placed = tf.pad(share, [
          [0, 0],
          [row, tall - row - outHeight * stride],
          [column, wide - column - outWidth * stride],
          [0, 0],
        ]);
        return { gradient: tf.add(gradient, placed), open: tf.sub(open, hit) };
      });
      tf.dispose([gradient, open]);
      gradient = step.gradient as tf.Tensor4D;
      open = step.open as tf.Tensor4D;
    }
    return tf.slice(gradient, [0, padding, padding, 0], [batch, height, width, channels]);
  });
}

function poolingMatrix(input: number, size: number): Matrix {
  const rows = Math.floor(input / size);
  const values = new Float32Array(rows * input);
  for (let row = 0; row < rows; row++) values.fill(1 / size, row * input + row * size, row * input + (row + 1) * size);
  return { rows, columns: input, values };
}

/**
 * The mean of every window of `size` cells with a step of `size`, as `torch.nn.functional.avg_pool2d(x, size)`: what
 * remains at the end is dropped.
 *
 * @param x [B, H, W, C]
 * @param size one number, or rows and columns of the window
 * @returns [B, floor(H / size), floor(W / size), C]
 * @throws ShapeError where the window is empty or exceeds the image.
 */
export function avgPool2d(x: tf.Tensor4D, size: number | readonly [number, number]): tf.Tensor4D {
  const [tall, wide] = typeof size === 'number' ? [size, size] : size;
  if (!(tall >= 1 && wide >= 1)) throw new ShapeError(`a pooling window of ${tall}x${wide} holds nothing.`);
  if (x.shape[1] < tall || x.shape[2] < wide) {
    throw new ShapeError(`a pooling window of ${tall}x${wide} exceeds images [${x.shape}].`);
  }
  return separable(x, poolingMatrix(x.shape[1], tall), poolingMatrix(x.shape[2], wide));
}
