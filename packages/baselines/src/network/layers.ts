import { batchNormEval, batchNormTrain, conv2d, differentiable, updateRunningStatistics } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { type Pass, parameter } from './pass.js';

/** How a convolution walks: distance between taps, and zeros on each side (so many that the size stays, unless given). */
export interface ConvOptions {
  readonly dilation?: number;
  readonly padding?: number;
}

function convolve(pass: Pass, name: string, x: tf.Tensor4D, { dilation = 1, padding }: ConvOptions): tf.Tensor4D {
  const kernel = parameter<tf.Tensor4D>(pass, `${name}.weight`);
  return conv2d(x, kernel, { dilation, padding: padding ?? (dilation * (kernel.shape[0] - 1)) / 2 });
}

/** Convolution and bias, where there is one. [B, H, W, in] to [B, H', W', out] */
export function conv(pass: Pass, name: string, x: tf.Tensor4D, options: ConvOptions = {}): tf.Tensor4D {
  return tf.tidy(() => {
    const y = convolve(pass, name, x, options);
    const bias = pass.parameters[`${name}.bias`];
    return bias === undefined ? y : (tf.add(y, bias) as tf.Tensor4D);
  });
}

/**
 * Batch normalisation, and relu where wanted; leaves the running statistics in the pass. A batch of one value a channel
 * has no spread; in training too it is then normalised by the running statistics, which stay.
 *
 * Not inside a `tf.tidy` that returns less than the pass, since that would free the statistics.
 */
export function norm(pass: Pass, name: string, x: tf.Tensor4D, { relu = false, shift }: NormOptions = {}): tf.Tensor4D {
  const vector = (part: string): tf.Tensor1D => parameter(pass, `${name}.${part}`);
  const [scale, offset] = [vector('weight'), vector('bias')];
  const running = { mean: vector('running_mean'), variance: vector('running_var') };
  const { y, mean, variance } = tf.tidy(() => {
    if (!pass.training || x.size <= x.shape[3]) {
      const moved = shift === undefined ? running : { ...running, mean: tf.sub(running.mean, shift) as tf.Tensor1D };
      return { y: batchNormEval(x, scale, offset, moved, { relu }) };
    }
    const { y: normalised, ...batch } = batchNormTrain(x, scale, offset, { relu });
    const shifted = shift === undefined ? batch : { ...batch, mean: tf.add(batch.mean, shift) as tf.Tensor1D };
    return { y: normalised, ...updateRunningStatistics(running, shifted, x.size / x.shape[3]) };
  }) as { y: tf.Tensor4D; mean?: tf.Tensor; variance?: tf.Tensor };
  if (mean !== undefined) pass.statistics[`${name}.running_mean`] = mean;
  if (variance !== undefined) pass.statistics[`${name}.running_var`] = variance;
  return y;
}

interface NormOptions {
  readonly relu?: boolean;
  /** What the images lack: a bias [C] that was left out before. */
  readonly shift?: tf.Tensor1D;
}

/**
 * Convolution, bias and batch normalisation. In training the bias takes no part, since normalisation removes it; only
 * the running mean counts it. That saves one map a layer and moves nothing.
 */
export function convNorm(
  pass: Pass,
  convName: string,
  normName: string,
  x: tf.Tensor4D,
  { relu = false, ...options }: ConvOptions & { readonly relu?: boolean } = {},
): tf.Tensor4D {
  const bias = pass.parameters[`${convName}.bias`] as tf.Tensor1D | undefined;
  return norm(pass, normName, convolve(pass, convName, x, options), {
    relu,
    ...(bias !== undefined && { shift: bias }),
  });
}

/** A transposed 2x2 convolution of stride 2 with bias: every cell becomes four. [B, h, w, in] to [B, 2 h, 2 w, out] */
export function transposedConv(pass: Pass, name: string, x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const kernel = parameter<tf.Tensor4D>(pass, `${name}.weight`);
    const [, , outputs, inputs] = kernel.shape;
    const [batch, height, width] = x.shape;
    const cells = tf.matMul(tf.reshape(x, [-1, inputs]), tf.reshape(kernel, [4 * outputs, inputs]), false, true);
    const apart = tf.reshape(cells, [batch * height, width, 2, 2 * outputs]);
    const rows = tf.reshape(tf.transpose(apart, [0, 2, 1, 3]), [batch, 2 * height, 2 * width, outputs]);
    return tf.add(rows, parameter(pass, `${name}.bias`)) as tf.Tensor4D;
  });
}

/** PReLU with one slope for all channels: negative values are multiplied by it. */
export function prelu(pass: Pass, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const slope = parameter<tf.Tensor1D>(pass, `${name}.weight`);
  const [y] = differentiable({
    inputs: { x, slope },
    forward: (save) => {
      save([x, slope]);
      return [tf.add(tf.relu(x), tf.mul(slope, tf.minimum(x, 0)))];
    },
    backward: ([dy], [input, saved]) => ({
      x: () => tf.where(tf.greater(input!, 0), dy!, tf.mul(dy!, saved!)),
      slope: () => tf.reshape(tf.sum(tf.mul(dy!, tf.minimum(input!, 0))), [1]),
    }),
  });
  return y as tf.Tensor4D;
}

/** The first rows and columns: what doubling rounded-up sizes has too much. */
export function cropTo(x: tf.Tensor4D, [height, width]: readonly [number, number]): tf.Tensor4D {
  if (x.shape[1] === height && x.shape[2] === width) return x;
  return tf.slice(x, [0, 0, 0, 0], [-1, height, width, -1]);
}

/**
 * Every cell four times: twice the size by the nearest pixel. [B, h, w, C] to [B, 2 h, 2 w, C]
 *
 * The gradient of `tf.image.resizeNearestNeighbor` is wrong on the cpu backend of TensorFlow.js 4.22.
 */
export function doubleNearest(x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, height, width, channels] = x.shape;
    const rows = tf.tile(tf.reshape(x, [batch * height, 1, width * channels]), [1, 2, 1]);
    const cells = tf.tile(tf.reshape(rows, [2 * batch * height * width, 1, channels]), [1, 2, 1]);
    return tf.reshape(cells, [batch, 2 * height, 2 * width, channels]);
  });
}
