import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { differenceToCpu, native, registerNative } from '../testing/backends.js';

beforeAll(registerNative);

const normal = (shape: number[], seed = 1) => tf.randomNormal(shape, 0, 1, 'float32', seed);

const exact: Record<string, () => tf.Tensor | tf.Tensor[]> = {
  slice: () => tf.slice(normal([4, 5, 6]), [1, 0, 2], [2, -1, 3]),
  'strided slice': () => tf.stridedSlice(normal([7, 9]), [1, 2], [7, 9], [2, 3]),
  'strided slice backwards': () => tf.stridedSlice(normal([7, 9]), [6, 8], [0, 1], [-2, -3]),
  reverse: () => tf.reverse(normal([3, 4, 5]), [0, 2]),
  concat: () => tf.concat([normal([2, 3, 4]), normal([2, 5, 4], 2)], 1),
  'concat of integers': () => tf.concat([tf.range(0, 5, 1, 'int32'), tf.range(5, 9, 1, 'int32')]),
  stack: () => tf.stack([normal([3, 4]), normal([3, 4], 2)], 1),
  unstack: () => tf.unstack(normal([3, 4]), 1),
  split: () => tf.split(normal([4, 6]), 3, 1),
  pad: () =>
    tf.pad(
      normal([3, 4]),
      [
        [1, 2],
        [0, 3],
      ],
      7,
    ),
  mirror: () =>
    tf.mirrorPad(
      normal([3, 4]),
      [
        [1, 2],
        [0, 3],
      ],
      'reflect',
    ),
  transpose: () => tf.transpose(normal([2, 3, 4, 5]), [3, 1, 0, 2]),
  tile: () => tf.tile(normal([2, 3]), [2, 3]),
  broadcast: () => tf.broadcastTo(normal([2, 1, 3]), [4, 2, 5, 3]),
  gather: () =>
    tf.gather(
      normal([4, 5, 6]),
      tf.tensor2d(
        [
          [4, 0],
          [2, 2],
        ],
        [2, 2],
        'int32',
      ),
      1,
    ),
  cast: () => [
    tf.cast(normal([5]), 'bool'),
    tf.cast(normal([5]), 'int32'),
    tf.cast(tf.greater(normal([5]), 0), 'float32'),
  ],
  'arg max': () => [tf.argMax(normal([4, 5]), 1), tf.argMin(normal([4, 5]), 0)],
  'one hot': () => tf.oneHot(tf.tensor1d([1, 3], 'int32'), 4),
  complex: () => [
    tf.real(tf.fft(tf.complex(normal([8]), normal([8], 2)))),
    tf.imag(tf.complex(normal([8]), normal([8], 2))),
  ],
};

describe('moved elements equal those of the cpu backend', () => {
  it.each(Object.entries(exact))('%s', (_, compute) => {
    expect(differenceToCpu(compute)).toBe(0);
  });

  it('names an index that is out of range', () => {
    expect(() => differenceToCpu(() => tf.gather(normal([3, 2]), tf.tensor1d([3], 'int32')))).toThrow(
      '3 is not in [0, 2]',
    );
  });
});

describe('reductions and windows equal those of the cpu backend', () => {
  it('reduces any axes', () => {
    const axes = fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1 });
    fc.assert(
      fc.property(
        axes,
        fc.boolean(),
        fc.constantFrom(tf.sum, tf.mean, tf.max, tf.min, tf.prod),
        (axis, keep, reduce) => {
          expect(differenceToCpu(() => reduce(normal([2, 3, 4, 5]), axis, keep))).toBeLessThan(2e-6);
        },
      ),
      { numRuns: 30 },
    );
    expect(
      differenceToCpu(() => [tf.softmax(normal([3, 4])), tf.logSoftmax(normal([3, 4])), tf.norm(normal([9]))]),
    ).toBeLessThan(2e-6);
  });

  it('sums many elements without losing digits', () => {
    const large = () => tf.add(normal([100_001]), 100);
    expect(differenceToCpu(() => [tf.sum(large()), tf.mean(large())])).toBeLessThan(2e-7);
  });

  it('pools, with gradients', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(2, 3),
        fc.constantFrom(1, 2),
        fc.constantFrom('same' as const, 'valid' as const, 1),
        (taps, stride, pad) => {
          for (const pool of [tf.maxPool, tf.avgPool]) {
            const run = (x: tf.Tensor4D) => pool(x, taps, stride, pad, 'floor');
            const rounding = typeof pad === 'number' ? run : (x: tf.Tensor4D) => pool(x, taps, stride, pad);
            const image = () => normal([2, 7, 8, 3]) as tf.Tensor4D;
            expect(differenceToCpu(() => tf.tidy(() => rounding(image())))).toBeLessThan(1e-6);
            expect(differenceToCpu(() => tf.grad(rounding as never)(image()))).toBeLessThan(1e-6);
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  it('gives each pixel the sum over its copies as the gradient of nearest-neighbour resizing', () => {
    // Not against the cpu kernel, which reads all images but the first at the wrong place, and hangs on some sizes.
    tf.setBackend(native);
    const edge = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(edge, edge, edge, edge, fc.boolean(), (h, w, outHeight, outWidth, corners) => {
        const target: [number, number] = [outHeight, outWidth];
        const resize = (x: tf.Tensor) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, target, corners);
        const [gradient, weights, sources] = tf.tidy(() => {
          const x = normal([2, h, w, 3]);
          const shares = normal([2, ...target, 3]);
          const places = resize(tf.reshape(tf.range(0, x.size), x.shape));
          return [tf.grad((of) => tf.sum(tf.mul(resize(of), shares)))(x), shares, places].map((t) => t.dataSync());
        }) as unknown as [Float32Array, Float32Array, Float32Array];
        const expected = new Float64Array(gradient.length);
        for (const [index, place] of sources.entries()) expected[place] = expected[place]! + weights[index]!;
        for (const [index, value] of gradient.entries()) expect(value).toBeCloseTo(expected[index]!, 5);
      }),
      { numRuns: 30 },
    );
  });

  it('resizes, with gradient', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        fc.boolean(),
        (h, w, corners, half) => {
          fc.pre(!(corners && half));
          const resize = (x: tf.Tensor4D) => tf.image.resizeBilinear(x, [h, w], corners, half);
          const image = () => normal([2, 6, 6, 3]) as tf.Tensor4D; // the cpu gradient mixes up height and width
          expect(differenceToCpu(() => tf.tidy(() => resize(image())))).toBeLessThan(2e-6);
          // ... and knows no half-pixel centres; edges.test.ts looks at ours.
          if (!half) expect(differenceToCpu(() => tf.grad(resize as never)(image()))).toBeLessThan(2e-6);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('normalises with given statistics', () => {
    const normalised = () =>
      tf.batchNorm(
        normal([2, 3, 4, 5]),
        normal([5], 2),
        tf.abs(normal([5], 3)) as tf.Tensor1D,
        normal([5], 4),
        normal([5], 5),
      );
    expect(differenceToCpu(normalised as never)).toBeLessThan(2e-6);
  });
});
