import { conv2d } from '@fsmr/core';
import { expectClose } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { OnnxRuntimeBackend } from '../backend.js';
import { feed } from '../runtime/session.js';
import { differenceToCpu, native, registerNative } from '../testing/backends.js';
import { largeTiles, smallTiles } from './minimal-filter.js';
import type { Geometry } from './rows.js';
import { gradientTiles, isWinograd, winogradKernelGradient } from './winograd.js';

beforeAll(registerNative);

const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);

const valueAndGradients = (shape: number[], channels: number, dilation: number, padding: number) => () => {
  const convolve = (x: tf.Tensor, w: tf.Tensor) => conv2d(x as tf.Tensor4D, w as tf.Tensor4D, { dilation, padding });
  const inputs = [normal(shape, 1), normal([3, 3, shape[3] as number, channels], 2)] as const;
  const y = convolve(...inputs);
  return [y, ...tf.grads(convolve as never)([...inputs], normal(y.shape, 3))];
};

describe('minimal filtering', () => {
  it('equals the direct sum and its gradients at any size, dilation and padding', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 5 }),
        (height, width, dilation, padding) => {
          fc.pre(Math.min(height, width) + 2 * padding > 2 * dilation);
          expect(differenceToCpu(valueAndGradients([1, height, width, 32], 33, dilation, padding))).toBeLessThan(2e-6);
        },
      ),
      { numRuns: 10 },
    );
  });

  it.each([
    [24, 1],
    [26, 2],
  ])('does so with large tiles in the gradients of %i pixels and dilation %i', (size, dilation) => {
    const difference = differenceToCpu(valueAndGradients([2, size, size + 3, 32], 32, dilation, dilation));
    expect(difference).toBeLessThan(4e-6);
  });

  it('does so in several portions', () => {
    const convolve = (x: tf.Tensor4D, w: tf.Tensor4D) => conv2d(x, w, { padding: 1 });
    const inputs = () => [normal([1, 92, 93, 32], 1), normal([3, 3, 32, 128], 2)] as [tf.Tensor4D, tf.Tensor4D];
    expect(differenceToCpu(() => convolve(...inputs()))).toBeLessThan(2e-6);
    // The images' gradient alone: the kernel's is computed in one portion here, and takes the cpu backend seconds.
    const gradient = () => tf.grad((x) => convolve(x as tf.Tensor4D, inputs()[1]))(inputs()[0]);
    expect(differenceToCpu(gradient)).toBeLessThan(4e-6);
  });

  it('adds the portions of the gradient of a kernel', () => {
    const g: Geometry = {
      ...{ batch: 2, inHeight: 30, inWidth: 34, inChannels: 32, outHeight: 30, outWidth: 34, outChannels: 32 },
      ...{ kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1 },
      ...{ dilationHeight: 2, dilationWidth: 2, padTop: 2, padLeft: 2 },
    };
    expect(isWinograd(g)).toBe(true);
    expect(gradientTiles(g)).toBe(largeTiles);
    expect(gradientTiles({ ...g, outHeight: 4, outWidth: 4 })).toBe(smallTiles);
    expect(isWinograd({ ...g, strideWidth: 2 })).toBe(false);
    expect(isWinograd({ ...g, inChannels: 3 })).toBe(false);
    tf.setBackend(native);
    const backend = tf.engine().backend as unknown as OnnxRuntimeBackend;
    const rows = (seed: number) => {
      const values = new Float32Array((2 * 30 * 34 + 1) * 32);
      values.set(tf.tidy(() => normal([2 * 30 * 34 * 32], seed).dataSync()));
      return feed(values, [2 * 30 * 34 + 1, 32]);
    };
    const [x, dy] = [rows(1), rows(2)];
    const gradient = (bytes: number) => {
      const dw = new Float32Array(9 * 32 * 32);
      winogradKernelGradient(backend, x, dy, g, dw, bytes);
      return dw;
    };
    expectClose([...gradient(1)], [...gradient(2 ** 30)], 4e-6);
  });
});
