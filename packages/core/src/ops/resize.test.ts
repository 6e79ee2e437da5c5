import { expectClose, expectNoLeak, loadOracle, type Oracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { resizeBilinear, resizeBilinearTranspose } from './resize.js';

describe.skipIf(oracleCases('ops').length === 0).each(oracleCases('ops'))('resizing of oracle %s', (name) => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = loadOracle(name);
  });

  it('every size, forward and backward', () => {
    const sizes = Object.entries(oracle.constants.resize_sizes as Record<string, [number, number]>);
    expect(sizes.length).toBeGreaterThan(0);
    const x = oracle.nhwc('resize_x');
    for (const [key, size] of sizes) {
      expectClose(resizeBilinear(x, size, { alignCorners: false }), oracle.nhwc(`resize_${key}_y`));
      expectClose(resizeBilinear(x, size, { alignCorners: true }), oracle.nhwc(`resize_${key}_y_ac`));
      const resize = (a: tf.Tensor): tf.Tensor => resizeBilinear(a as tf.Tensor4D, size, { alignCorners: false });
      expectClose(tf.grad(resize)(x, oracle.nhwc(`resize_${key}_gy`)), oracle.nhwc(`resize_${key}_gx`), 1e-3);
    }
  });
});

describe('resizeBilinear', () => {
  const extent = fc.integer({ min: 1, max: 9 });

  it('keeps constants, and its transpose is its transpose', () => {
    fc.assert(
      fc.property(extent, extent, extent, extent, fc.boolean(), (h, w, height, width, alignCorners) => {
        tf.tidy(() => {
          const one: tf.Tensor4D = tf.ones([2, h, w, 1]);
          expectClose(
            resizeBilinear(one, [height, width], { alignCorners }),
            new Float32Array(2 * height * width).fill(1),
          );
          const features: tf.Tensor4D = tf.randomNormal([1, h, w, 3], 0, 1, 'float32', 1);
          const mask: tf.Tensor3D = tf.randomUniform([1, height, width], 0, 1, 'float32', 2);
          const large = tf.sum(
            tf.mul(resizeBilinear(features, [height, width], { alignCorners }), tf.expandDims(mask, 3)),
            [0, 1, 2],
          );
          const small = tf.sum(
            tf.mul(features, tf.expandDims(resizeBilinearTranspose(mask, [h, w], { alignCorners }), 3)),
            [0, 1, 2],
          );
          expectClose(small, large, 1e-4, 1);
        });
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it('takes the mean of samples 8i+3 and 8i+4 for a factor of 8', () => {
    const line = tf.tensor4d(
      Array.from({ length: 16 }, (_, i) => i * i),
      [1, 1, 16, 1],
    );
    expect([...resizeBilinear(line, [1, 2], { alignCorners: false }).dataSync()]).toEqual([12.5, 132.5]);
  });

  it('refuses sizes below one pixel', () => {
    for (const size of [
      [0, 2],
      [2, 1.5],
    ] as const) {
      expect(() => resizeBilinear(tf.ones([1, 2, 2, 1]), size, { alignCorners: false })).toThrow(
        'cannot be resized to',
      );
    }
  });

  it('frees what it allocates', () => {
    const x: tf.Tensor4D = tf.ones([2, 4, 4, 3]);
    expectNoLeak(() => resizeBilinear(x, [8, 3], { alignCorners: false }));
    expectNoLeak(() => resizeBilinear(x, [4, 4], { alignCorners: false }));
    expectNoLeak(() => tf.grad((a) => resizeBilinear(a as tf.Tensor4D, [8, 3], { alignCorners: true }))(x));
    const masks: tf.Tensor3D = tf.ones([2, 8, 8]);
    expectNoLeak(() => resizeBilinearTranspose(masks, [4, 4], { alignCorners: false }));
  });
});
