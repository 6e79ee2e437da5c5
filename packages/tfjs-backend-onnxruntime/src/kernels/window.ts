import type * as tf from '@tensorflow/tfjs';

/**
 * Whether ONNX gives a window operation's result the size TensorFlow.js gives it: that rounds as it is told to, and takes
 * one number of padding for both axes by the first of them.
 */
export function fitsOnnx(info: tf.backend_util.Conv2DInfo): boolean {
  const { top, bottom, left, right } = info.padInfo;
  const result = (size: number, padding: number, dilation: number, taps: number, stride: number): number =>
    Math.floor((size + padding - dilation * (taps - 1) - 1) / stride) + 1;
  const height = result(info.inHeight, top + bottom, info.dilationHeight, info.filterHeight, info.strideHeight);
  const width = result(info.inWidth, left + right, info.dilationWidth, info.filterWidth, info.strideWidth);
  return height === info.outHeight && width === info.outWidth;
}
