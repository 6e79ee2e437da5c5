import type * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../errors.js';
import { convolve, filterGradient, type Geometry, inputGradient } from './conv2d-gradients.js';
import { differentiable } from './differentiable.js';

/** How a filter walks over an image. */
export interface Conv2dOptions {
  /** Step between outputs in both directions, 1 unless given. */
  readonly strides?: number;
  /** Distance between filter taps in both directions, 1 unless given. */
  readonly dilation?: number;
  /** Rows and columns of zeros on each side. */
  readonly padding: number;
}

function outputExtent(input: number, taps: number, strides: number, dilation: number, padding: number): number {
  return Math.floor((input + 2 * padding - dilation * (taps - 1) - 1) / strides) + 1;
}

/**
 * Convolution as `torch.nn.functional.conv2d` without bias: any stride and dilation together, symmetric zero padding,
 * with gradients for image and filter. (`tf.conv2d` has no gradient when dilation exceeds 1.)
 *
 * @param x images [B, H, W, I]
 * @param filter [kh, kw, I, O]
 * @returns [B, floor((H + 2 padding - dilation (kh - 1) - 1) / strides) + 1, ..., O]
 * @throws ShapeError where channels differ or the filter is larger than the padded image.
 */
export function conv2d(x: tf.Tensor4D, filter: tf.Tensor4D, options: Conv2dOptions): tf.Tensor4D {
  const { strides = 1, dilation = 1, padding } = options;
  const [, height, width, channels] = x.shape;
  const [filterHeight, filterWidth, inputs] = filter.shape;
  if (channels !== inputs) {
    throw new ShapeError(
      `a filter for ${inputs} channels [${filter.shape}] meets images with ${channels} [${x.shape}].`,
    );
  }
  if (x.dtype !== 'float32' || filter.dtype !== 'float32') {
    throw new ShapeError(`images are ${x.dtype} and the filter is ${filter.dtype}, both must be float32.`, {
      remedy: "Convert them with tf.cast(x, 'float32').",
    });
  }
  const outHeight = outputExtent(height, filterHeight, strides, dilation, padding);
  const outWidth = outputExtent(width, filterWidth, strides, dilation, padding);
  if (outHeight < 1 || outWidth < 1) {
    throw new ShapeError(
      `a ${filterHeight}x${filterWidth} filter of dilation ${dilation} exceeds images [${x.shape}].`,
    );
  }

  const geometry: Geometry = {
    inputShape: x.shape,
    filterShape: filter.shape,
    strides: [strides, strides],
    dilations: [dilation, dilation],
    pad: [
      [padding, padding],
      [padding, padding],
    ],
  };
  const [y] = differentiable({
    inputs: { x, filter },
    forward: (save) => {
      save([x, filter]);
      return [convolve(x, filter, geometry)];
    },
    backward: ([dy], [savedX, savedFilter]) => ({
      x: () => inputGradient(dy as tf.Tensor4D, savedFilter as tf.Tensor4D, geometry),
      filter: () => filterGradient(savedX as tf.Tensor4D, dy as tf.Tensor4D, geometry),
    }),
  });
  return y as tf.Tensor4D;
}
