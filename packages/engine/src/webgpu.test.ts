/**
 * WebGPU against the cpu backend, on any adapter. Runs where the packages `webgpu` and `@tensorflow/tfjs-backend-webgpu`
 * are installed and Vulkan has a driver; without a graphics card a software one: VK_ICD_FILENAMES=vk_swiftshader_icd.json.
 */
import { batchNormTrain, conv2d, EngineError, maxPool2d, resizeBilinear } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { tryToStart } from './start.js';
import { registerWebGpu } from './webgpu.js';

const candidate = { name: 'webgpu', tfjsName: 'webgpu', remedy: '', register: registerWebGpu } as const;
const failure = await tryToStart(candidate, { softwareGpu: true });

const image = () => tf.randomNormal([1, 24, 20, 8], 0, 1, 'float32', 1) as tf.Tensor4D;
const kernel = () => tf.randomNormal([3, 3, 8, 16], 0, 1, 'float32', 2) as tf.Tensor4D;
const gradient = (map: (x: tf.Tensor4D) => tf.Tensor) =>
  tf.grad((x) => tf.sum(tf.square(map(x as tf.Tensor4D))))(image());
const dilated = { dilation: 2, padding: 2 };
const pool = { size: 3, stride: 2, padding: 1 };
const cases: Record<string, () => tf.Tensor> = {
  'matrix product': () => tf.matMul(tf.reshape(image(), [480, 8]), tf.reshape(kernel(), [8, 144])),
  convolution: () => conv2d(image(), kernel(), { strides: 2, padding: 1 }),
  'dilated convolution': () => conv2d(image(), kernel(), dilated),
  'its gradient': () => gradient((x) => conv2d(x, kernel(), dilated)),
  'its kernel gradient': () => tf.grad((k) => tf.sum(tf.square(conv2d(image(), k as tf.Tensor4D, dilated))))(kernel()),
  resize: () => resizeBilinear(image(), [50, 33], { alignCorners: false }),
  'resize, corners aligned': () => resizeBilinear(image(), [50, 33], { alignCorners: true }),
  'resize gradient': () => gradient((x) => resizeBilinear(x, [50, 33], { alignCorners: false })),
  'max pool': () => maxPool2d(image(), pool),
  'max pool gradient': () => gradient((x) => maxPool2d(x, pool)),
  'batch normalisation gradient': () =>
    gradient((x) => batchNormTrain(x, tf.ones([8]), tf.zeros([8]), { relu: true }).y),
};

describe.skipIf(failure !== undefined)(`WebGPU${failure === undefined ? '' : ` (not here: ${failure.cause})`}`, () => {
  afterAll(() => void tf.setBackend('cpu'));

  it.each(Object.entries(cases))('%s equals the cpu backend', async (_name, run) => {
    const values = async (backend: string): Promise<Float32Array> => {
      await tf.setBackend(backend);
      const result = tf.tidy(run);
      const read = (await result.data()) as Float32Array;
      result.dispose();
      return read;
    };
    const [own, expected] = [await values('webgpu'), await values('cpu')];
    const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const difference = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - own[i]!)), 0);
    expect(difference / scale).toBeLessThan(1e-6);
  });

  it('says why it cannot be read synchronously', async () => {
    await tf.setBackend('webgpu');
    const product = tf.matMul([[1, 2]], [[3], [4]]);
    expect(() => product.dataSync()).toThrow(EngineError);
    product.dispose();
  });
});
