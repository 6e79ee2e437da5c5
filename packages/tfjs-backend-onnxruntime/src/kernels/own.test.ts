import { batchNormTrain, conv2d, sgdStep, sgdSteps, updateRunningStatistics } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeModel, node } from '../onnx/index.js';
import { differenceToCpu, native, registerNative, valuesOn } from '../testing/backends.js';
import { releaseGraph } from './graph.js';

beforeAll(registerNative);

const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);

describe('kernels of our own equal the portable operations on the cpu backend', () => {
  it('gives dilated and strided convolutions both gradients', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 3), fc.constantFrom(1, 2), fc.constantFrom(1, 2, 4), (taps, strides, dilation) => {
        const padding = ((taps - 1) / 2) * dilation;
        const convolve = (x: tf.Tensor4D, w: tf.Tensor4D) => conv2d(x, w, { strides, dilation, padding });
        const gradients = () => tf.grads(convolve as never)([normal([2, 11, 10, 3], 1), normal([taps, taps, 3, 4], 2)]);
        expect(differenceToCpu(gradients)).toBeLessThan(3e-6);
      }),
      { numRuns: 12 },
    );
  });

  it.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])('normalises in training, rectified %s, with residual %s', (relu, added) => {
    const forward = (x: tf.Tensor4D, scale: tf.Tensor1D, offset: tf.Tensor1D, residual: tf.Tensor4D) =>
      batchNormTrain(x, scale, offset, { relu, ...(added && { residual }) });
    const make = () => [normal([2, 5, 6, 7], 1), normal([7], 2), normal([7], 3), normal([2, 5, 6, 7], 4)];
    const results = () => {
      const { y, mean, variance } = forward(...(make() as [never, never, never, never]));
      return [y, mean, variance] as tf.Tensor[];
    };
    expect(differenceToCpu(results)).toBeLessThan(3e-6);
    const y = (...inputs: tf.Tensor[]) => {
      const { y } = forward(...(inputs as [never, never, never, never]));
      return tf.mul(y, normal([2, 5, 6, 7], 5));
    };
    const wanted = added ? y : (...inputs: tf.Tensor[]) => tf.add(y(...inputs), tf.mul(inputs[3] as tf.Tensor, 0));
    expect(differenceToCpu(() => tf.grads(wanted)(make()))).toBeLessThan(3e-5);
  });

  it('normalises with the stabiliser it is given', () => {
    for (const epsilon of [1e-5, 0.1]) {
      const normalised = (x: tf.Tensor) =>
        batchNormTrain(x as tf.Tensor4D, tf.ones([7]), tf.zeros([7]), { epsilon, relu: true }).y;
      const make = () => normal([1, 3, 4, 7], 1);
      expect(differenceToCpu(() => normalised(make()))).toBeLessThan(3e-6);
      expect(differenceToCpu(() => tf.grad(normalised)(make(), normal([1, 3, 4, 7], 2)))).toBeLessThan(3e-5);
    }
  });

  it('normalises long batches in several portions', () => {
    const make = () => [normal([5, 64, 29, 64], 1), normal([64], 2), normal([64], 3)];
    const normalised = (...inputs: tf.Tensor[]) => {
      const { y } = batchNormTrain(...(inputs as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D]), { relu: true });
      return tf.mul(y, normal(y.shape, 4));
    };
    expect(differenceToCpu(() => [normalised(...make())])).toBeLessThan(3e-6);
    expect(differenceToCpu(() => tf.grads(normalised)(make()))).toBeLessThan(3e-5);
  });

  it.each([
    [2, 3],
    [255, 4],
    [256, 2],
    [700, 5],
    [1024, 1],
  ])('keeps the digits of the variance of %i values around 1000 in %i channels', (rows, channels) => {
    const x = normal([1, 1, rows, channels], 7).add(1000) as tf.Tensor4D;
    const values = x.dataSync();
    const vectors = [1, 0].map((value) => tf.fill([channels], value)) as [tf.Tensor1D, tf.Tensor1D];
    tf.setBackend(native);
    const [mean, variance] = tf.tidy(() => {
      const found = batchNormTrain(tf.tensor(values, x.shape) as tf.Tensor4D, ...vectors);
      return [found.mean, found.variance].map((tensor) => tensor.dataSync());
    }) as [Float32Array, Float32Array];
    for (let c = 0; c < channels; c++) {
      const column = Array.from({ length: rows }, (_, row) => values[row * channels + c] as number);
      const exact = column.reduce((sum, value) => sum + value, 0) / rows;
      const spread = column.reduce((sum, value) => sum + (value - exact) ** 2, 0) / rows;
      expect(Math.abs((mean[c] as number) / exact - 1)).toBeLessThan(6e-7);
      expect(Math.abs((variance[c] as number) / spread - 1)).toBeLessThan(1e-5); // the difference of squares has an error of a tenth
    }
  });

  it('updates running statistics', () => {
    const statistics = (seed: number) => ({
      mean: normal([7], seed) as tf.Tensor1D,
      variance: normal([7], seed + 1) as tf.Tensor1D,
    });
    const updated = () => Object.values(updateRunningStatistics(statistics(1), statistics(3), 60)) as tf.Tensor[];
    expect(differenceToCpu(updated)).toBeLessThan(2e-7);
  });

  it('takes a step of gradient descent', () => {
    const rates = { learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 };
    for (const size of [1, 5000, 600_001]) {
      const step = () => Object.values(sgdStep(normal([size], 1), normal([size], 2), normal([size], 3), rates));
      expect(differenceToCpu(step)).toBeLessThan(2e-7);
    }
  });

  it('takes steps of many parameters, large and small, in several calls', () => {
    const rates = { learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 };
    const sizes = [5000, 7, ...new Array<number>(33).fill(4096), 1_100_003];
    const steps = () =>
      sgdSteps(
        sizes.map((size, index) => ({
          weight: normal([size], index + 1),
          gradient: normal([size], index + 2),
          velocity: normal([size], index + 3),
        })),
        rates,
      ).flatMap(({ weight, velocity }) => [weight, velocity]);
    expect(differenceToCpu(steps)).toBeLessThan(2e-7);
  });

  it('leaves nothing behind where a step fails', () => {
    tf.setBackend(native);
    const tensors = [8000, 5000, 8000].map((size) => tf.ones([size]));
    const [weight0, gradient0, velocity0] = tensors;
    const before = tf.engine().backend.numDataIds();
    const inputs = { weight0, gradient0, velocity0 } as unknown as tf.NamedTensorMap;
    const attributes = { learningRate: 1, momentum: 0, weightDecay: 0 };
    expect(() => tf.engine().runKernel('FsmrSgdSteps', inputs, attributes)).toThrow('ONNX Runtime does not compute');
    expect(tf.engine().backend.numDataIds()).toBe(before);
    tf.dispose(tensors);
  });

  it('runs a whole model, and frees it', () => {
    const model = () =>
      encodeModel({
        name: 'm',
        nodes: [node('Relu', ['x0'], ['y']), node('Add', ['y', 'x1'], ['z'])],
        inputs: ['x0', 'x1'].map((name) => ({ name, type: 'float32' as const })),
        outputs: ['y', 'z'].map((name) => ({ name, type: 'float32' as const })),
      });
    let encoded = 0;
    const attributes = {
      key: 'test',
      outputs: ['z', 'y'],
      model: () => model().subarray(0, encoded++ === 0 ? undefined : 0),
    };
    const run = () =>
      tf
        .engine()
        .runKernel(
          'FsmrRunGraph',
          { x0: tf.tensor1d([-1, 2]), x1: tf.tensor1d([5, 6]) },
          attributes as never,
        ) as unknown as tf.Tensor[];
    expect(valuesOn(native, run).map(({ data }) => data)).toEqual([
      [5, 8],
      [0, 2],
    ]);
    expect(valuesOn(native, run).map(({ data }) => data)).toEqual([
      [5, 8],
      [0, 2],
    ]);
    expect(encoded).toBe(1);
    releaseGraph('test');
    releaseGraph('unknown');
    expect(() => valuesOn(native, run)).toThrow();
    expect(encoded).toBe(2);
  });
});
