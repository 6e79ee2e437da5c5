import { createHash } from 'node:crypto';
import { expectClose, expectNoLeak, loadOracle, type Oracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { resizeBilinear, resizeBilinearTranspose, sampledBilinear } from './resize.js';

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

  it('has masks to the last bit of torch', () => {
    const values = Float32Array.from({ length: 13 * 11 }, (_, i) => {
      const [x, y] = [i % 11, Math.floor(i / 11)];
      return ((x * y + 3 * x + y) % 5) / 4;
    });
    // torch.nn.functional.interpolate(mask, size, mode='bilinear', align_corners=False), float32 on the CPU
    const expected = [
      0.149999991, 0.762499988, 0.28124997, 0.893749952, 0.412499964, 0.512499988, 0.412499964, 0.625, 0.524999976,
      0.550000012, 0.75, 0.3125, 0.65625, 0.21875003, 0.5625, 0.143749997, 0.806249976, 0.218749985, 0.881250024,
      0.387499928,
    ];
    expect([...sampledBilinear(values, [1, 13, 11], [4, 5])]).toEqual(expected.map(Math.fround));
    const large = sampledBilinear(values, [1, 13, 11], [17, 19]);
    expect(createHash('sha256').update(new Uint8Array(large.buffer)).digest('hex')).toBe(
      '613b01ba934ad151e989313540af4b201ebcf1a169fa22e9e7aaad2b02b148e6',
    );
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
