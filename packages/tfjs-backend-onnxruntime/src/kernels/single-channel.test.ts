import { conv2d } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { differenceToCpu, registerNative } from '../testing/backends.js';
import type { Geometry } from './rows.js';
import { isSingleChannel } from './single-channel.js';

beforeAll(registerNative);

type Shape = [number, number, number, number];
const normal = (shape: Shape, seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed) as tf.Tensor4D;

describe('convolution of one channel to one', () => {
  it('equals the cpu backend for any kernel, stride, dilation, padding and batch, with both gradients', () => {
    const sizes = {
      batch: fc.integer({ min: 1, max: 3 }),
      height: fc.constantFrom(9, 12),
      width: fc.constantFrom(10, 13),
    };
    const walk = {
      taps: fc.integer({ min: 1, max: 5 }),
      strides: fc.constantFrom(1, 2, 3),
      dilation: fc.constantFrom(1, 2),
    };
    fc.assert(
      fc.property(fc.record({ ...sizes, ...walk, padding: fc.nat(3) }), (drawn) => {
        const { batch, height, width, taps, ...options } = drawn;
        const make = (): [tf.Tensor4D, tf.Tensor4D] => [
          normal([batch, height, width, 1], 1),
          normal([taps, taps, 1, 1], 2),
        ];
        const gradients = () =>
          tf.tidy(() =>
            tf.grads((x: tf.Tensor, w: tf.Tensor) => conv2d(x as tf.Tensor4D, w as tf.Tensor4D, options))(make()),
          );
        expect(differenceToCpu(() => tf.tidy(() => conv2d(...make(), options)))).toBeLessThan(2e-6);
        expect(differenceToCpu(gradients)).toBeLessThan(3e-6);
      }),
      { numRuns: 60 },
    );
  });

  it('is left to the general way where channels are more or windows end before the padded image does', () => {
    const square = {
      batch: 1,
      inHeight: 9,
      inWidth: 9,
      inChannels: 1,
      outChannels: 1,
      kernelHeight: 3,
      kernelWidth: 3,
    };
    const walk = { strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1, padTop: 0, padLeft: 0 };
    const g: Geometry = { ...square, ...walk, outHeight: 7, outWidth: 7 };
    expect(isSingleChannel(g)).toBe(true);
    expect(isSingleChannel({ ...g, inChannels: 2 })).toBe(false);
    expect(isSingleChannel({ ...g, outChannels: 2 })).toBe(false);
    expect(isSingleChannel({ ...g, inHeight: 10, strideHeight: 2, outHeight: 4 })).toBe(false);
  });
});
