import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernel } from './kernels.js';

type Pair = readonly [number, number];
type Shape4D = readonly [number, number, number, number];

/** One convolution: NHWC image, HWIO filter, [height, width] pairs, pads as [[top, bottom], [left, right]]. */
export interface Geometry {
  readonly inputShape: Shape4D;
  readonly filterShape: Shape4D;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly pad: readonly [Pair, Pair];
}

/** Whether a matrix product over the channels does the same, and the backend's convolutions do not see that themselves. */
function isPointwise({ filterShape, strides, pad }: Geometry): boolean {
  if (hasKernel('FsmrConv2DBackpropInput')) return false;
  return filterShape[0] * filterShape[1] === 1 && strides[0] * strides[1] === 1 && pad.flat().every((p) => p === 0);
}

/** One matrix product over the channels of every position; `back` takes outputs to inputs. */
function pointwise(x: tf.Tensor4D, filter: tf.Tensor4D, back: boolean): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const [, , inputs, outputs] = filter.shape;
  const matrix = tf.reshape(filter, [inputs, outputs]);
  const product = tf.matMul(tf.reshape(x, [-1, channels]), matrix, false, back);
  return tf.reshape(product, [batch, height, width, back ? inputs : outputs]);
}

/**
 * The backend's convolution kernel, which takes stride and dilation together where `tf.conv2d` refuses; a matrix
 * product where that is the same.
 */
export function convolve(x: tf.Tensor4D, filter: tf.Tensor4D, geometry: Geometry): tf.Tensor4D {
  const { strides, dilations, pad } = geometry;
  if (isPointwise(geometry)) return tf.tidy(() => pointwise(x, filter, false));
  const attributes = { strides, dilations, pad: [[0, 0], pad[0], pad[1], [0, 0]], dataFormat: 'NHWC' };
  return runKernel('Conv2D', { x, filter }, attributes)[0] as tf.Tensor4D;
}

/** Puts `strides - 1` zeros after every row and column. */
export function spread(x: tf.Tensor4D, [vertical, horizontal]: Pair): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  return tf.tidy(() => {
    let y: tf.Tensor = x;
    if (vertical > 1) {
      const rows = tf.reshape(y, [batch, height, 1, width * channels]);
      y = tf.pad(rows, [
        [0, 0],
        [0, 0],
        [0, vertical - 1],
        [0, 0],
      ]);
    }
    if (horizontal > 1) {
      const columns = tf.reshape(y, [batch * height * vertical, width, 1, channels]);
      y = tf.pad(columns, [
        [0, 0],
        [0, 0],
        [0, horizontal - 1],
        [0, 0],
      ]);
    }
    return tf.reshape(y, [batch, height * vertical, width * horizontal, channels]);
  });
}

/**
 * The gradient with respect to the image: a convolution of the output's gradient, its cells spread by the stride, with
 * the filter flipped in space and its channels swapped.
 *
 * @param dy [B, oh, ow, O]
 * @param filter [kh, kw, I, O]
 * @returns [B, H, W, I]
 */
export function inputGradient(dy: tf.Tensor4D, filter: tf.Tensor4D, geometry: Geometry): tf.Tensor4D {
  const { inputShape, filterShape, strides, dilations, pad } = geometry;
  if (isPointwise(geometry)) return tf.tidy(() => pointwise(dy, filter, true));
  if (hasKernel('FsmrConv2DBackpropInput')) {
    const attributes = { inputShape, strides, pad, dilations };
    return runKernel('FsmrConv2DBackpropInput', { dy, filter }, attributes)[0] as tf.Tensor4D;
  }
  return tf.tidy(() => {
    const swapped = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
    let wide = spread(dy, strides);
    const pads = [0, 1].map((axis): Pair => {
      const reach = dilations[axis]! * (filterShape[axis]! - 1);
      const before = reach - pad[axis]![0];
      return [before, inputShape[axis + 1]! + reach - before - wide.shape[axis + 1]!];
    }) as unknown as readonly [Pair, Pair];
    wide = crop(wide, pads);
    const positive = pads.map(([before, after]): Pair => [Math.max(before, 0), Math.max(after, 0)]);
    return convolve(wide, swapped, {
      inputShape: wide.shape,
      filterShape: swapped.shape,
      strides: [1, 1],
      dilations,
      pad: positive as unknown as readonly [Pair, Pair],
    });
  });
}

/** Cuts rows and columns where a pad is negative. */
function crop(x: tf.Tensor4D, [vertical, horizontal]: readonly [Pair, Pair]): tf.Tensor4D {
  const cuts = [vertical, horizontal].map(([before, after]): Pair => [Math.max(-before, 0), Math.max(-after, 0)]);
  const [[top, bottom], [left, right]] = cuts as [Pair, Pair];
  if (top + bottom + left + right === 0) return x;
  const [batch, height, width, channels] = x.shape;
  return tf.slice(x, [0, top, left, 0], [batch, height - top - bottom, width - left - right, channels]);
}

/**
 * The gradient with respect to the filter: for every tap one matrix product between the image shifted by the tap and
 * the output's gradient.
 *
 * @param x [B, H, W, I]
 * @param dy [B, oh, ow, O]
 * @returns [kh, kw, I, O]
 */
export function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, geometry: Geometry): tf.Tensor4D {
  const { filterShape, strides, dilations, pad } = geometry;
  if (isPointwise(geometry)) {
    const [, , from, to] = filterShape;
    return tf.tidy(() =>
      tf.reshape(tf.matMul(tf.reshape(x, [-1, from]), tf.reshape(dy, [-1, to]), true, false), [1, 1, from, to]),
    );
  }
  if (hasKernel('FsmrConv2DBackpropFilter')) {
    const attributes = { filterShape, strides, pad, dilations };
    return runKernel('FsmrConv2DBackpropFilter', { x, dy }, attributes)[0] as tf.Tensor4D;
  }
  const [height, width, inputs, outputs] = filterShape;
  const [, outHeight, outWidth] = dy.shape;
  return tf.tidy(() => {
    const padded = pad.flat().some((extent) => extent > 0) ? tf.pad(x, [[0, 0], [...pad[0]], [...pad[1]], [0, 0]]) : x;
    const upstream = tf.reshape(dy, [-1, outputs]);
    const taps: tf.Tensor[] = [];
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const start: Pair = [row * dilations[0], column * dilations[1]];
        taps.push(
          tf.tidy(() => {
            const seen = window(padded, start, [outHeight, outWidth], strides);
            return tf.matMul(tf.reshape(seen, [-1, inputs]), upstream, true, false);
          }),
        );
      }
    }
    return tf.reshape(tf.stack(taps), [height, width, inputs, outputs]);
  });
}

/** Every `strides`-th cell from `start` on, `extent` of them. */
export function window(x: tf.Tensor4D, start: Pair, extent: Pair, strides: Pair): tf.Tensor4D {
  const [batch, , , channels] = x.shape;
  const reach = [0, 1].map((axis) => (extent[axis]! - 1) * strides[axis]! + 1) as [number, number];
  if (strides[0] === 1 && strides[1] === 1) {
    return tf.slice(x, [0, start[0], start[1], 0], [batch, reach[0], reach[1], channels]);
  }
  const begin = [0, start[0], start[1], 0];
  const end = [batch, start[0] + reach[0], start[1] + reach[1], channels];
  return tf.stridedSlice(x, begin, end, [1, strides[0], strides[1], 1]) as tf.Tensor4D;
}
