/** Inputs that are valid and rare: what the cpu backend answers to them is right, or is known to be wrong. */
import { conv2d } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerOnnxRuntimeBackend } from '../register.js';
import { differenceToCpu, native, registerNative, valuesOn } from '../testing/backends.js';

const usual = 'usual-sizes';

beforeAll(() => {
  registerNative();
  if (tf.findBackendFactory(usual) === null) registerOnnxRuntimeBackend({ name: usual, threads: 1 });
});

const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);

describe('the sigmoid', () => {
  it('keeps the smallest probabilities, so that their logarithms are finite', () => {
    const x = () => tf.tensor1d([-80, -40, -20, -18, -14, -9.5, -1, 0, 3, 40]);
    const [found] = valuesOn(native, () => tf.log(tf.sigmoid(x())));
    [-80, -40, -20, -18, -14, -9.5].forEach((value, i) => {
      expect(Math.abs(found!.data[i]! / (value - Math.log1p(Math.exp(value))) - 1)).toBeLessThan(1e-6);
    });
    expect(differenceToCpu(() => tf.grad((a) => tf.log(tf.sigmoid(a)))(x()))).toBeLessThan(1e-6);
    const fused = () => tf.fused.matMul({ a: tf.tensor2d([[-20, 1]]), b: tf.eye(2), activation: 'sigmoid' });
    expect(valuesOn(native, fused)[0]!.data[0]! / Math.exp(-20)).toBeCloseTo(1, 6);
  });
});

describe('resizing', () => {
  it('spreads what is not finite no further than its neighbours', () => {
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const image = () => {
        const values = new Float32Array(64).fill(1);
        values[27] = odd;
        return tf.tensor4d(values, [1, 8, 8, 1]);
      };
      expect(differenceToCpu(() => tf.image.resizeBilinear(image(), [16, 16]))).toBeLessThan(1e-6);
      const resize = (x: tf.Tensor) => tf.image.resizeBilinear(x as tf.Tensor4D, [8, 8]);
      expect(differenceToCpu(() => tf.grad(resize)(normal([1, 4, 4, 1], 1), image()))).toBeLessThan(1e-6);
    }
  });

  it('has the gradient of half-pixel centres', () => {
    for (const resize of [tf.image.resizeBilinear, tf.image.resizeNearestNeighbor]) {
      for (const backend of [native, usual]) {
        const weights = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i));
        const f = (a: tf.Tensor): tf.Scalar =>
          tf.sum(tf.mul(resize(a as tf.Tensor4D, [8, 8], false, true), tf.tensor4d(weights, [2, 8, 8, 2])));
        const [gradient] = valuesOn(backend, () => tf.grad(f)(tf.ones([2, 5, 5, 2])));
        // The function is linear: its value at a unit image is that element of the gradient.
        for (const index of [0, 17, 49, 99]) {
          const unit = Float32Array.from({ length: 100 }, (_, i) => (i === index ? 1 : 0));
          tf.setBackend('cpu');
          const value = tf.tidy(() => f(tf.tensor4d(unit, [2, 5, 5, 2])).dataSync()[0]!);
          expect(gradient!.data[index]).toBeCloseTo(value, 5);
        }
      }
    }
  });
});

describe('windows', () => {
  const x = () => normal([2, 18, 18, 8], 1);

  it('round as TensorFlow.js rounds', () => {
    for (const rounding of ['floor', 'round', 'ceil'] as const) {
      expect(differenceToCpu(() => tf.maxPool(x() as tf.Tensor4D, 3, 2, 0, rounding))).toBeLessThan(1e-6);
      expect(differenceToCpu(() => tf.avgPool(x() as tf.Tensor4D, 3, 2, 0, rounding))).toBeLessThan(1e-6);
      const pooled = (a: tf.Tensor) => tf.avgPool(a as tf.Tensor4D, 3, 2, 0, rounding);
      expect(differenceToCpu(() => tf.grad(pooled)(x()))).toBeLessThan(1e-6);
      const largest = (a: tf.Tensor) => tf.maxPool(a as tf.Tensor4D, 3, 2, 0, rounding);
      expect(differenceToCpu(() => tf.grad(largest)(x()))).toBeLessThan(1e-6);
    }
  });

  it('may be of another size in each direction', () => {
    const filter = () => normal([1, 3, 8, 1], 2);
    const depthwise = (a: tf.Tensor) => tf.depthwiseConv2d(a as tf.Tensor4D, filter() as tf.Tensor4D, 1, 0);
    expect(differenceToCpu(() => depthwise(x()))).toBeLessThan(1e-6);
  });
});

describe('reductions', () => {
  it('over no axis change nothing', () => {
    for (const reduce of [tf.sum, tf.mean, tf.max, tf.min, tf.prod]) {
      expect(differenceToCpu(() => reduce(normal([40, 30], 1), []))).toBeLessThan(1e-6);
    }
  });
});

describe('products', () => {
  it('repeat a batch of several along an axis', () => {
    for (const [a, b] of [
      [
        [3, 1, 5, 7],
        [3, 2, 7, 4],
      ],
      [
        [3, 1, 5, 7],
        [1, 2, 7, 4],
      ],
    ] as const) {
      const factors = () => [normal([...a], 1), normal([...b], 2)] as const;
      const [found] = valuesOn(usual, () => tf.matMul(...factors()));
      const [expected] = valuesOn('cpu', () => {
        const [left, right] = factors();
        return tf.matMul(tf.tile(left, [1, 2, 1, 1]), tf.tile(right, [b[0] === 1 ? 3 : 1, 1, 1, 1]));
      });
      expect(found!.shape).toEqual([3, 2, 5, 4]);
      for (const [i, value] of found!.data.entries()) expect(value).toBeCloseTo(expected!.data[i]!, 5);
    }
  });
});

describe('our own convolution', () => {
  it('has gradients of nothing', () => {
    const convolve = (x: tf.Tensor, filter: tf.Tensor) =>
      conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, { padding: 2, dilation: 2 });
    const gradients = () => tf.grads(convolve)([tf.zeros([0, 8, 8, 32]), tf.ones([3, 3, 32, 32])]);
    const [dx, dw] = valuesOn(native, gradients);
    expect(dx!.shape).toEqual([0, 8, 8, 32]);
    expect(dw!.shape).toEqual([3, 3, 32, 32]);
    expect(dw!.data.every((value) => value === 0)).toBe(true);
  });
});

describe('memory', () => {
  it('that threads share may hold a tensor', () => {
    const shared = new Float32Array(new SharedArrayBuffer(4 * 2048)).fill(-1);
    expect(valuesOn(native, () => tf.relu(tf.tensor1d(shared)))[0]!.data.every((value) => value === 0)).toBe(true);
  });
});
