import { expectClose, expectNoLeak, loadOracle, type Oracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ShapeError } from '../errors.js';
import { avgPool2d, maxPool2d, maxPoolGradient } from './pool.js';

describe.skipIf(oracleCases('ops').length === 0).each(oracleCases('ops'))('pooling of oracle %s', (name) => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = loadOracle(name);
  });

  it('maximum, with ties', () => {
    const options = { size: 3, stride: 2, padding: 1 };
    const x = oracle.nhwc('maxpool_x');
    const dy = oracle.nhwc('maxpool_gy');
    const y = maxPool2d(x, options);
    expectClose(y, oracle.nhwc('maxpool_y'), 0);
    expectClose(tf.grad((a) => maxPool2d(a as tf.Tensor4D, options))(x, dy), oracle.nhwc('maxpool_gx'), 1e-6);
    expectClose(maxPoolGradient(dy, x, y, options), oracle.nhwc('maxpool_gx'), 1e-6);
  });

  it('mean', () => {
    const sizes = oracle.names.flatMap((array) => /^avgpool_k(\d+)_y$/.exec(array)?.[1] ?? []);
    expect(sizes.length).toBeGreaterThan(0);
    for (const size of sizes) {
      const x = oracle.nhwc('avgpool_x');
      expectClose(avgPool2d(x, Number(size)), oracle.nhwc(`avgpool_k${size}_y`));
      const dx = tf.grad((a) => avgPool2d(a as tf.Tensor4D, Number(size)))(x, oracle.nhwc(`avgpool_k${size}_gy`));
      expectClose(dx, oracle.nhwc(`avgpool_k${size}_gx`), 1e-3);
    }
  });
});

describe('pooling', () => {
  it.each([
    { size: 2, stride: 2, padding: 0 },
    { size: 3, stride: 1, padding: 1 },
    { size: 2, stride: 3, padding: 0 },
  ])('two ways to the gradient of the maximum agree: %o', (options) => {
    const x: tf.Tensor4D = tf.round(tf.randomUniform([2, 7, 8, 2], 0, 4, 'float32', 1));
    const y = maxPool2d(x, options);
    const dy: tf.Tensor4D = tf.randomNormal(y.shape, 0, 1, 'float32', 2);
    expectClose(maxPoolGradient(dy, x, y, options), tf.grad((a) => maxPool2d(a as tf.Tensor4D, options))(x, dy), 1e-6);
  });

  it('averages windows of two sizes', () => {
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 4, 1]);
    expect([...avgPool2d(x, [1, 2]).dataSync()]).toEqual([1.5, 3.5, 5.5, 7.5]);
  });

  it('frees what it allocates', () => {
    const x: tf.Tensor4D = tf.ones([1, 6, 6, 2]);
    const options = { size: 3, stride: 2, padding: 1 };
    expectNoLeak(() => avgPool2d(x, 2));
    expectNoLeak(() => maxPool2d(x, options));
    expectNoLeak(() => tf.grad((a) => maxPool2d(a as tf.Tensor4D, options))(x));
    const y = maxPool2d(x, options);
    expectNoLeak(() => maxPoolGradient(y, x, y, options));
  });

  it('refuses a window larger than the image, or of nothing', () => {
    expect(() => avgPool2d(tf.ones([1, 3, 3, 1]), 0)).toThrow('a pooling window of 0x0 holds nothing');
    expect(() => avgPool2d(tf.ones([1, 3, 3, 1]), 4)).toThrow(ShapeError);
    expect(() => maxPool2d(tf.ones([1, 1, 1, 1]), { size: 4, stride: 1, padding: 1 })).toThrow(ShapeError);
  });
});
