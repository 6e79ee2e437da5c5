import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom, ShapeError } from '@fsmr/core';
import { expectClose, expectNoLeak } from '@fsmr/testing';
import { registerOnnxRuntimeBackend, unregisterOnnxRuntimeBackend } from '@fsmr/tfjs-backend-onnxruntime';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dilatedResnet } from '../deeplab.js';
import type { Encoder } from '../encoder.js';
import { twoMapResnet } from '../qnet.js';
import { tinyEncoder } from '../tiny.js';
import { saveSafetensors } from '../weights/save.js';
import { compileEncoder } from './compile.js';
import { exportOnnx, outputNames } from './export.js';
import { openEncoder } from './open.js';

const runtime = createRequire(import.meta.url)('onnxruntime-node') as typeof import('onnxruntime-node');

const encoders: Encoder[] = [
  tinyEncoder({ channels: 5, width: 4, stride: 4 }),
  dilatedResnet({ block: 'basic', blocks: [1, 1, 2, 1], width: 4, dilated: [false, true, true] }, 6, 'basic'),
  dilatedResnet(
    { block: 'bottleneck', blocks: [1, 2, 1], width: 3, dilated: [false, true, true], strideOn: '1x1' },
    6,
    'bottleneck',
  ),
  twoMapResnet(
    { block: 'bottleneck', blocks: [1, 1, 2, 1], width: 3, dilated: [true, true, false] },
    'qnet',
    5,
    7,
    'two',
  ),
];

/** Parameters with running statistics that one training pass has moved. */
function trained(encoder: Encoder, images: tf.Tensor4D) {
  const parameters = encoder.init(createRandom(3));
  return { ...parameters, ...encoder.apply(parameters, images, { training: true }).statistics };
}

describe.each(encoders)('$name as an ONNX model', (encoder) => {
  const images: tf.Tensor4D = tf.randomNormal([2, 40, 32, 3], 0, 1, 'float32', 1);

  it('computes elsewhere what the encoder computes here', async () => {
    const parameters = trained(encoder, images);
    const { maps, threshold } = encoder.apply(parameters, images, { training: false }).features;
    const session = await runtime.InferenceSession.create(exportOnnx(encoder, parameters, { size: [40, 32] }));
    const nchw = tf.transpose(images, [0, 3, 1, 2]);
    const results = await session.run({
      images: new runtime.Tensor('float32', nchw.dataSync() as Float32Array, nchw.shape),
    });
    expect(session.outputNames).toEqual(outputNames(encoder));
    maps.forEach((map, index) => {
      const { dims, data } = results[`features${index}`]!;
      const expected = tf.transpose(map, [0, 3, 1, 2]);
      expect(dims).toEqual(expected.shape);
      expectClose(data as Float32Array, expected);
    });
    if (threshold !== undefined) expectClose(results.threshold!.data as Float32Array, threshold);
  });
});

describe.each(['cpu', 'native'])('compileEncoder on %s', (backend) => {
  beforeAll(async () => {
    if (backend === 'native') registerOnnxRuntimeBackend({ name: 'native', threads: 1 });
    await tf.setBackend(backend);
  });
  afterAll(async () => {
    await tf.setBackend('cpu');
    if (backend === 'native') unregisterOnnxRuntimeBackend('native');
  });

  it.each(encoders)('$name: the same features, parameters as they were, nothing left behind', (encoder) => {
    const images: tf.Tensor4D = tf.randomNormal([1, 32, 32, 3], 0, 1, 'float32', 2);
    const parameters = trained(encoder, images);
    const expected = encoder.apply(parameters, images, { training: false }).features;
    expectNoLeak(() => {
      const compiled = compileEncoder(encoder, parameters);
      for (let again = 0; again < 2; again++) {
        const { maps, threshold } = compiled.encode(images);
        maps.forEach((map, index) => void expectClose(map, expected.maps[index]!));
        if (threshold !== undefined) expectClose(threshold, expected.threshold!);
        tf.dispose([...maps, ...(threshold === undefined ? [] : [threshold])]);
      }
      compiled.dispose();
    });
  });

  it.each(encoders)('$name: the same features straight from a file', async (encoder) => {
    const folder = await mkdtemp(join(tmpdir(), 'encoder-'));
    const file = join(folder, 'link.safetensors');
    await mkdir(join(folder, 'a folder'));
    await symlink(join('a folder', 'größe.safetensors'), file);
    const images: tf.Tensor4D = tf.randomNormal([2, 32, 32, 3], 0, 1, 'float32', 4);
    const parameters = trained(encoder, images);
    const expected = encoder.apply(parameters, images, { training: false }).features;
    await saveSafetensors(join(folder, 'a folder', 'größe.safetensors'), parameters, { prefix: 'encoder.' });
    const before = tf.memory().numTensors;
    const opened = await openEncoder(encoder, file, { prefix: 'encoder.' });
    const { maps, threshold } = opened.encode(images);
    maps.forEach((map, index) => void expectClose(map, expected.maps[index]!));
    if (threshold !== undefined) expectClose(threshold, expected.threshold!);
    tf.dispose([...maps, ...(threshold === undefined ? [] : [threshold])]);
    // Pictures from decoders are integers, and grey ones have one channel.
    tf.tidy(() => {
      const bytes: tf.Tensor4D = tf.cast(tf.mul(images, 50), 'int32');
      const float: tf.Tensor4D = tf.cast(bytes, 'float32');
      expect(opened.encode(bytes).maps[0]!.dataSync()).toEqual(opened.encode(float).maps[0]!.dataSync());
      expect(() => opened.encode(tf.zeros([1, 32, 32, 1]))).toThrow(ShapeError);
    });
    opened.dispose();
    expect(tf.memory().numTensors).toBe(before);
    await expect(openEncoder(encoder, file, { prefix: 'other.' })).rejects.toThrow(
      /none of its \d+ arrays is there.*the file has encoder\.backbone\./,
    );
    await expect(openEncoder(encoder, join(folder, 'none'))).rejects.toThrow('cannot be read');
    await rm(folder, { recursive: true });
  });
});
