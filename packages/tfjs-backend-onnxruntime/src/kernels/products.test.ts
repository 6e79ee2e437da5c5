import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { differenceToCpu, registerNative } from '../testing/backends.js';

beforeAll(registerNative);

const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);
const size = fc.integer({ min: 1, max: 7 });
const runs = { numRuns: 30 };

describe('matrix products equal those of the cpu backend', () => {
  it('with all transposes, batches and gradients', () => {
    fc.assert(
      fc.property(
        size,
        size,
        size,
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom([], [3], [1], [2, 3]),
        (m, k, n, ta, tb, batch) => {
          const product = (a: tf.Tensor, b: tf.Tensor) => tf.matMul(a, b, ta, tb);
          const make = () => [
            normal([...batch, ...(ta ? [k, m] : [m, k])], 1),
            normal([...batch, ...(tb ? [n, k] : [k, n])], 2),
          ];
          expect(differenceToCpu(() => tf.tidy(() => product(...(make() as [tf.Tensor, tf.Tensor]))))).toBeLessThan(
            2e-6,
          );
          expect(differenceToCpu(() => tf.grads(product)(make()))).toBeLessThan(2e-6);
        },
      ),
      runs,
    );
  });

  it('fused with bias and activation', () => {
    for (const activation of ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const) {
      const fused = () =>
        tf.fused.matMul({
          a: normal([4, 5], 1) as tf.Tensor2D,
          b: normal([5, 6], 2) as tf.Tensor2D,
          bias: normal([6], 3),
          activation,
          leakyreluAlpha: 0.3,
          ...(activation === 'prelu' && { preluActivationWeights: normal([6], 4) }),
        });
      expect(differenceToCpu(fused)).toBeLessThan(2e-6);
    }
  });
});

describe('convolutions equal those of the cpu backend', () => {
  const pads = fc.oneof(
    fc.constantFrom('same' as const, 'valid' as const),
    fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
  );

  it('with any stride, padding and dilation, and their gradients', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 3),
        fc.constantFrom(1, 2, 3),
        size,
        size,
        pads,
        fc.integer({ min: 1, max: 3 }),
        (taps, stride, inC, outC, pad, dilation) => {
          const padding =
            typeof pad === 'string'
              ? pad
              : ([[0, 0], pad.slice(0, 2), pad.slice(2), [0, 0]] as tf.backend_util.ExplicitPadding);
          const make = () =>
            [normal([2, 9, 8, inC], 1), normal([taps, taps, inC, outC], 2)] as [tf.Tensor4D, tf.Tensor4D];
          const dilated = dilation > 1;
          const convolve = (x: tf.Tensor4D, w: tf.Tensor4D) =>
            tf.conv2d(x, w, dilated ? 1 : stride, padding, 'NHWC', dilation);
          expect(differenceToCpu(() => tf.tidy(() => convolve(...make())))).toBeLessThan(2e-6);
          if (!dilated) expect(differenceToCpu(() => tf.grads(convolve as never)(make()))).toBeLessThan(3e-6);
        },
      ),
      runs,
    );
  });

  it('fused, and of each channel by itself', () => {
    for (const activation of ['relu', 'sigmoid'] as const) {
      const options = () => ({
        x: normal([1, 6, 6, 3], 1) as tf.Tensor4D,
        strides: 1,
        pad: 'same' as const,
        activation,
      });
      const plain = () =>
        tf.fused.conv2d({ ...options(), filter: normal([3, 3, 3, 4], 2) as tf.Tensor4D, bias: normal([4], 3) });
      const each = () =>
        tf.fused.depthwiseConv2d({
          ...options(),
          filter: normal([3, 3, 3, 2], 2) as tf.Tensor4D,
          bias: normal([6], 3),
        });
      expect(differenceToCpu(plain)).toBeLessThan(2e-6);
      expect(differenceToCpu(each)).toBeLessThan(2e-6);
    }
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2),
        fc.constantFrom('same', 'valid'),
        fc.constantFrom(1, 2),
        (stride, pad, multiple) => {
          const make = () => [normal([2, 8, 7, 3], 1), normal([3, 3, 3, multiple], 2)] as [tf.Tensor4D, tf.Tensor4D];
          const convolve = (x: tf.Tensor4D, w: tf.Tensor4D) => tf.depthwiseConv2d(x, w, stride, pad as 'same');
          expect(differenceToCpu(() => tf.tidy(() => convolve(...make())))).toBeLessThan(2e-6);
          expect(differenceToCpu(() => tf.grads(convolve as never)(make()))).toBeLessThan(3e-6);
        },
      ),
      { numRuns: 8 },
    );
  });

  it('of more pixels than are laid out at a time', () => {
    const convolve = () => {
      const x = tf.tidy(() => tf.tile(normal([1, 8, 8, 64], 1), [1, 24, 24, 1])) as tf.Tensor4D;
      return tf.tidy(() => tf.mean(tf.conv2d(x, normal([3, 3, 64, 2], 2) as tf.Tensor4D, 1, 'same'), [1, 2]));
    };
    expect(differenceToCpu(convolve)).toBeLessThan(1e-4);
  });
});
