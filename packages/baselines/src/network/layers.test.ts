import { createRandom } from '@fsmr/core';
import { expectClose, gradientError } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { drawParameters } from './blueprint.js';
import { bilinear, orthogonal, truncatedNormal } from './fillings.js';
import { convNorm, doubleNearest, prelu, transposedConv } from './layers.js';
import { startPass } from './pass.js';
import { avgPoolCeil, avgPoolFloor, maxPoolCeil } from './pool.js';

const numbers = tf.reshape(tf.range(0, 15), [1, 3, 5, 1]) as tf.Tensor4D;

it('pooling that rounds down leaves the odd row and column out', () => {
  expectClose(avgPoolFloor(numbers), [3, 5], 1e-6);
  expectClose(avgPoolFloor(tf.slice(numbers, [0, 0, 0, 0], [1, 2, 4, 1])), [3, 5], 1e-6);
});

describe('pooling that rounds up', () => {
  it('counts the pixels there are, as PyTorch with ceil_mode', () => {
    expectClose(avgPoolCeil(numbers), [3, 5, 6.5, 10.5, 12.5, 14], 1e-6);
    expectClose(maxPoolCeil(numbers), [6, 8, 9, 11, 13, 14], 0);
  });

  it('sends the gradient of a maximum to one pixel', () => {
    const gradient = tf.grad((x) => tf.sum(maxPoolCeil(x as tf.Tensor4D)))(numbers);
    expect(gradient.sum().dataSync()[0]).toBe(6);
  });
});

describe('layers', () => {
  const pass = (parameters: Record<string, tf.Tensor>, training = false) => startPass(parameters, { training });

  it('a bilinear transposed convolution spreads every cell over four', () => {
    const blanks = { 'up.weight': { shape: [2, 2, 2, 2], filling: bilinear } };
    const parameters = { ...drawParameters(blanks, createRandom(1)), 'up.bias': tf.tensor1d([0, 1]) };
    const x = tf.tensor4d([4, 8, 12, 16], [1, 1, 2, 2]);
    const y = transposedConv(pass(parameters), 'up', x);
    expect(y.shape).toEqual([1, 2, 4, 2]);
    expectClose(y, [1, 3, 1, 3, 3, 5, 3, 5, 1, 3, 1, 3, 3, 5, 3, 5], 0);
  });

  it('a transposed convolution is the transpose of a convolution with the same kernel', () => {
    const kernel = tf.randomNormal([2, 2, 3, 4], 0, 1, 'float32', 1) as tf.Tensor4D;
    const x = tf.randomNormal([2, 3, 5, 4], 0, 1, 'float32', 2) as tf.Tensor4D;
    const y = transposedConv(pass({ 'up.weight': kernel, 'up.bias': tf.zeros([3]) }), 'up', x);
    expectClose(y, tf.conv2dTranspose(x, kernel, [2, 6, 10, 3], 2, 'valid'), 1e-5);
  });

  it('doubling repeats every pixel, and its gradient sums over the four', () => {
    const x = tf.randomNormal([2, 3, 5, 2], 0, 1, 'float32', 7) as tf.Tensor4D;
    expectClose(doubleNearest(x), tf.image.resizeNearestNeighbor(x, [6, 10]), 0);
    const weights = tf.randomNormal([2, 6, 10, 2], 0, 1, 'float32', 8) as tf.Tensor4D;
    const gradient = tf.grad((image) => tf.sum(tf.mul(weights, doubleNearest(image as tf.Tensor4D))))(x);
    expectClose(gradient, tf.mul(tf.avgPool(weights, 2, 2, 'valid'), 4), 1e-5);
  });

  it('PReLU has the gradient of finite differences in image and slope', () => {
    const x = tf.randomNormal([1, 2, 3, 2], 0, 1, 'float32', 3) as tf.Tensor4D;
    const weights = tf.randomNormal([1, 2, 3, 2], 0, 1, 'float32', 4);
    const slope = tf.tensor1d([0.25]);
    const loss = (image: tf.Tensor, a: tf.Tensor) =>
      tf.sum(tf.mul(weights, prelu(pass({ 'p.weight': a }), 'p', image as tf.Tensor4D))) as tf.Scalar;
    expect(gradientError((image) => loss(image, slope), x)).toBeLessThan(1e-2);
    expect(gradientError((a) => loss(x, a), slope)).toBeLessThan(1e-2);
  });

  it('normalisation forgets a bias in training and counts it in the running mean', () => {
    const names = { 'n.weight': tf.ones([2]), 'n.bias': tf.zeros([2]), 'n.running_var': tf.ones([2]) };
    const kernel = tf.randomNormal([1, 1, 3, 2], 0, 1, 'float32', 5);
    const x = tf.randomNormal([2, 4, 4, 3], 0, 1, 'float32', 6) as tf.Tensor4D;
    const run = (bias: number[], training: boolean) => {
      const own = pass(
        { ...names, 'n.running_mean': tf.zeros([2]), 'c.weight': kernel, 'c.bias': tf.tensor1d(bias) },
        training,
      );
      return { y: convNorm(own, 'c', 'n', x), statistics: own.statistics };
    };
    expectClose(run([3, -4], true).y, run([0, 0], true).y, 0);
    const moved = tf.sub(
      run([3, -4], true).statistics['n.running_mean']!,
      run([0, 0], true).statistics['n.running_mean']!,
    );
    expectClose(moved, [0.3, -0.4], 1e-5);
    const scale = 1 / Math.sqrt(1 + 1e-5);
    expectClose(
      tf.sub(run([3, -4], false).y, run([0, 0], false).y),
      tf.mul(tf.ones([2, 4, 4, 2]), [3 * scale, -4 * scale]),
      1e-5,
    );
  });

  it('normalises a single value by the running statistics', () => {
    const own = pass(
      {
        'n.weight': tf.ones([1]),
        'n.bias': tf.zeros([1]),
        'n.running_mean': tf.ones([1]),
        'n.running_var': tf.ones([1]),
        'c.weight': tf.ones([1, 1, 1, 1]),
      },
      true,
    );
    expectClose(convNorm(own, 'c', 'n', tf.fill([1, 1, 1, 1], 3)), [2], 1e-4);
    expect(own.statistics).toEqual({});
  });

  it('orthogonal kernels are orthonormal on their shorter side, truncated ones stay near 0', () => {
    const drawn = drawParameters(
      { k: { shape: [1, 1, 22, 16], filling: orthogonal }, t: { shape: [500], filling: truncatedNormal(0.5) } },
      createRandom(1),
    );
    const matrix = tf.reshape(drawn.k!, [22, 16]) as tf.Tensor2D;
    expectClose(tf.matMul(matrix, matrix, true), tf.eye(16), 1e-5);
    expect(Math.max(...drawn.t!.dataSync().map(Math.abs))).toBeLessThanOrEqual(1);
  });
});
