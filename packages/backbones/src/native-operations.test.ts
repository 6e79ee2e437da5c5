import {
  avgPool2d,
  batchNormTrain,
  conv2d,
  cosineSimilarity,
  crossEntropy,
  maxPool2d,
  resizeBilinear,
} from '@fsmr/core';
import { expectClose } from '@fsmr/testing';
import { registerOnnxRuntimeBackend, unregisterOnnxRuntimeBackend } from '@fsmr/tfjs-backend-onnxruntime';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

type Images = tf.Tensor4D;

const normal = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);
/** Numbers with many ties. */
const coarse = (shape: number[], seed: number): tf.Tensor => tf.round(normal(shape, seed));
const labels = (): tf.Tensor =>
  tf.tensor1d(
    Array.from({ length: 600 }, (_, i) => [0, 1, 1, 255][i % 4]!),
    'int32',
  );

/** Operations with inputs large enough that the native kernels take them. */
const operations: [string, () => tf.Tensor[], (...inputs: tf.Tensor[]) => tf.Tensor][] = [
  ...[1, 2].flatMap((strides) =>
    [1, 2, 4].map((dilation): (typeof operations)[number] => [
      `convolution of stride ${strides}, dilation ${dilation}`,
      () => [normal([2, 23, 18, 8], 1), normal([3, 3, 8, 12], 2)],
      (x, w) => conv2d(x as Images, w as Images, { strides, dilation, padding: dilation }),
    ]),
  ),
  [
    'strided 1x1 convolution',
    () => [normal([2, 24, 18, 8], 1), normal([1, 1, 8, 12], 2)],
    (x, w) => conv2d(x as Images, w as Images, { strides: 2, padding: 0 }),
  ],
  [
    'stem convolution',
    () => [normal([1, 40, 37, 3], 1), normal([7, 7, 3, 12], 2)],
    (x, w) => conv2d(x as Images, w as Images, { strides: 2, padding: 3 }),
  ],
  [
    'batch normalisation with residual and relu',
    () => [normal([2, 16, 16, 8], 1), normal([8], 2), normal([8], 3), normal([2, 16, 16, 8], 4)],
    (x, scale, offset, residual) =>
      batchNormTrain(x as Images, scale as tf.Tensor1D, offset as tf.Tensor1D, {
        relu: true,
        residual: residual as Images,
      }).y,
  ],
  [
    'maximum with ties',
    () => [coarse([2, 31, 32, 4], 1)],
    (x) => maxPool2d(x as Images, { size: 3, stride: 2, padding: 1 }),
  ],
  ['mean of windows', () => [normal([2, 31, 32, 4], 1)], (x) => avgPool2d(x as Images, 4)],
  [
    'resizing up and down',
    () => [normal([2, 20, 16, 8], 1)],
    (x) => resizeBilinear(x as Images, [33, 7], { alignCorners: false }),
  ],
  ['cosines', () => [normal([600, 16], 1), normal([5, 16], 2)], (x, p) => cosineSimilarity(x!, p as tf.Tensor2D, 1e-4)],
  ['cross entropy', () => [normal([600, 2], 1)], (x) => crossEntropy(x!, labels(), { classWeights: [0.05, 1] })],
];

describe('core operations on the native backend', () => {
  beforeAll(() => {
    registerOnnxRuntimeBackend({ name: 'native', threads: 1, smallTensor: 0 });
  });
  afterAll(async () => {
    await tf.setBackend('cpu');
    unregisterOnnxRuntimeBackend('native');
  });

  it.each(operations)('%s: value and gradients as on the cpu backend', async (_name, inputs, operation) => {
    const compute = async (backend: string): Promise<number[][]> => {
      await tf.setBackend(backend);
      return tf.tidy(() => {
        const values = inputs();
        const y = operation(...values);
        const dy = y.rank === 0 ? undefined : normal([...y.shape], 9);
        return [y, ...tf.grads(operation)(values, dy)].map((tensor) => [...tensor.dataSync()]);
      });
    };
    const before = tf.memory().numTensors;
    const expected = await compute('cpu');
    const actual = await compute('native');
    actual.forEach((values, index) => void expectClose(values, expected[index]!, 1e-5));
    expect(tf.memory().numTensors).toBe(before);
  });
});
