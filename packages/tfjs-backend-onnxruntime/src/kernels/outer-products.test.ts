import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { differenceToCpu, registerNative } from '../testing/backends.js';

beforeAll(registerNative);

const normal = (shape: number[], seed = 1) => tf.randomNormal(shape, 0, 1, 'float32', seed);

it.each([[[]], [[3]], [[2, 3]]])('a column times a row in batches of [%s], either of them transposed', (batch) => {
  for (const transA of [false, true]) {
    for (const transB of [false, true]) {
      const a = () => normal([...batch, ...(transA ? [1, 6] : [6, 1])]);
      for (const others of [batch, batch.map(() => 1)]) {
        const b = () => normal([...others, ...(transB ? [5, 1] : [1, 5])], 2);
        expect(differenceToCpu(() => tf.matMul(a(), b(), transA, transB))).toBe(0);
      }
    }
  }
});
