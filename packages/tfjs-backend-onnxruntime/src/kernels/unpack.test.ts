import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { differenceToCpu, registerNative } from '../testing/backends.js';

beforeAll(registerNative);

const normal = (shape: number[], seed = 1) => tf.randomNormal(shape, 0, 1, 'float32', seed);

describe('parts equal those of the cpu backend', () => {
  it.each([
    [0, [3, 40]],
    [1, [3, 2, 40]],
    [2, [3, 4, 2]],
    [-1, [5, 3]],
    [0, [6]],
    [1, [2, 3, 33, 2]],
  ])('along axis %i of [%s]', (axis, shape) => {
    expect(differenceToCpu(() => tf.unstack(normal(shape), axis))).toBe(0);
    expect(differenceToCpu(() => tf.unstack(tf.cast(tf.mul(normal(shape), 9), 'int32'), axis))).toBe(0);
    expect(differenceToCpu(() => tf.unstack(tf.greater(normal(shape), 0), axis))).toBe(0);
  });

  it.each<[number[], number, number | number[]]>([
    [[4, 6], 1, 3],
    [[6, 2], 0, [1, 2, 3]],
    [[2, 3, 70], -1, [33, 1, 36]],
    [[2, 5, 3, 4], 1, [4, -1]],
    [[2, 3], 1, [0, 3]],
    [[5], 0, [5]],
  ])('[%s] split along axis %i into %s', (shape, axis, sizes) => {
    expect(differenceToCpu(() => tf.split(normal(shape), sizes, axis))).toBe(0);
    expect(differenceToCpu(() => tf.split(tf.greater(normal(shape), 0), sizes, axis))).toBe(0);
  });

  it('refuses sizes that do not add up', () => {
    expect(() => differenceToCpu(() => tf.split(normal([2, 5]), [2, 2], 1))).toThrow('sum of sizes');
  });

  it('as the gradient of concatenation', () => {
    const gradient = () =>
      tf.grads((x: tf.Tensor, y: tf.Tensor) => tf.sum(tf.mul(tf.concat([x, y], 1), normal([4, 7, 2], 3))))([
        normal([4, 5, 2]),
        normal([4, 2, 2], 2),
      ]);
    expect(differenceToCpu(gradient)).toBe(0);
  });

  it('as the gradient of stacking', () => {
    const gradient = () =>
      tf.grads((x: tf.Tensor, y: tf.Tensor) => tf.sum(tf.mul(tf.stack([x, y], 2), normal([4, 5, 2], 3))))([
        normal([4, 5]),
        normal([4, 5], 2),
      ]);
    expect(differenceToCpu(gradient)).toBe(0);
  });
});
