import { readFileSync } from 'node:fs';
import { conv2d, createRandom, type ParameterRecord } from '@fsmr/core';
import {
  expectClose,
  expectNoLeak,
  loadNpzOracle,
  loadOracle,
  type Oracle,
  oracleCases,
  sharedFolder,
  sharedPath,
} from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { dilatedResnet } from './deeplab.js';
import type { Encoder } from './encoder.js';
import { compileEncoder } from './onnx/compile.js';
import { twoMapResnet } from './qnet.js';
import { tinyEncoder } from './tiny.js';
import { loadParameters } from './weights/apply.js';
import type { WeightArray } from './weights/array.js';
import { toMemory } from './weights/layout.js';
import { parseWeights } from './weights/load.js';

const inMemory = (oracle: Oracle, name: string): tf.Tensor => {
  const { shape, data } = toMemory(oracle.array(name) as WeightArray);
  return tf.tensor(Float32Array.from(data), [...shape]);
};

/** Features, statistics, and the gradients of <features, dy> for the images and some parameters. */
function passes(
  encoder: Encoder,
  parameters: ParameterRecord,
  x: tf.Tensor4D,
  dy: tf.Tensor,
  names: string[],
  training: boolean,
) {
  const { features, statistics } = encoder.apply(parameters, x, { training });
  const gradients = tf.grads((images, ...some) => {
    const moved = { ...parameters, ...Object.fromEntries(names.map((name, i) => [name, some[i]!])) };
    return tf.tidy(() => encoder.apply(moved, images as tf.Tensor4D, { training }).features.maps[0]!);
  })([x, ...names.map((name) => parameters[name]!)], dy);
  return { y: features.maps[0]!, statistics, dx: gradients[0]!, gradients: gradients.slice(1) };
}

const residual = oracleCases('encoder_');

describe.skipIf(residual.length === 0).each(residual)('narrow ResNet of oracle %s', (name) => {
  const load = () => {
    const oracle = loadOracle(name);
    const constants = oracle.constants as {
      base_width: number;
      layers: number[];
      replace_stride_with_dilation: [boolean, boolean, boolean];
      localconv_out: number;
    };
    const encoder = dilatedResnet(
      {
        block: 'bottleneck',
        blocks: constants.layers,
        width: constants.base_width,
        dilated: constants.replace_stride_with_dilation,
      },
      constants.localconv_out,
      name,
    );
    const weights = parseWeights(readFileSync(sharedPath('oracles', name, 'state_dict.pth')));
    return { oracle, encoder, parameters: loadParameters(encoder, weights, { prefix: 'encoder.' }).parameters };
  };

  it.each(['eval', 'train'])('%s: features, gradients, running statistics', (mode) => {
    const { oracle, encoder, parameters } = load();
    const prefix = `${mode}_g_`;
    const names = oracle.names.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
    expect(names.length).toBeGreaterThan(0);
    const result = passes(encoder, parameters, oracle.nhwc('x'), oracle.nhwc('gy'), names, mode === 'train');
    expectClose(result.y, oracle.nhwc(`${mode}_y`));
    expectClose(result.dx, oracle.nhwc(`${mode}_gx`), 1e-3);
    names.forEach((key, i) => void expectClose(result.gradients[i]!, inMemory(oracle, prefix + key), 1e-3));
    const after = oracle.names.filter((key) => key.startsWith(`${mode}_after_`) && /running/.test(key));
    for (const key of after) expectClose(result.statistics[key.slice(`${mode}_after_`.length)]!, oracle.tensor(key));
    if (mode === 'eval') expect(result.statistics).toEqual({});
  });
});

describe.skipIf(sharedFolder === undefined)('oracle encoder_narrow_qnet', () => {
  it('has the strides and dilations of Q-Net, in eval and in training', () => {
    const oracle = loadNpzOracle('encoder_narrow_qnet');
    // Heads that copy layer3 and layer4 through.
    const encoder = twoMapResnet(
      { block: 'bottleneck', blocks: [3, 4, 6, 3], width: 4, stem: 64, dilated: [true, true, false] },
      'qnet',
      128,
      10,
      'narrow',
    );
    const weights = new Map(
      oracle.names
        .filter((key) => key.startsWith('w.'))
        .map((key) => [`backbone.${key.slice(2)}`, oracle.array(key) as WeightArray]),
    );
    const { parameters, missing, surplus } = loadParameters(encoder, weights, { strict: false });
    expect(surplus).toEqual([]);
    expect(missing.every((name) => /^(backbone\.fc|reduce)/.test(name))).toBe(true);
    const identity = (inputs: number) => tf.reshape(tf.slice(tf.eye(128), [0, 0], [inputs, 128]), [1, 1, inputs, 128]);
    const copying = { ...parameters, 'reduce1.weight': identity(64), 'reduce2.weight': identity(128) };
    const { maps, threshold } = encoder.apply(copying, oracle.nhwc('x'), { training: false }).features;
    expectClose(tf.slice(maps[0]!, [0, 0, 0, 0], [1, 16, 16, 64]), oracle.nhwc('layer3'));
    expectClose(maps[1]!, oracle.nhwc('layer4'));
    expect(threshold?.shape).toEqual([1, 1]);
    const trained = encoder.apply(copying, oracle.nhwc('x2'), { training: true }).features;
    expectClose(trained.maps[1]!, oracle.nhwc('layer4_train'));
  });
});

describe('an encoder', () => {
  const small = { block: 'bottleneck', blocks: [1, 2, 1, 1], width: 2, dilated: [false, true, true] } as const;

  it('frees everything but features and statistics, in both modes and under a gradient', () => {
    const encoder = dilatedResnet(small, 3, 'small');
    const parameters = encoder.init(createRandom(1));
    const images: tf.Tensor4D = tf.randomNormal([2, 32, 32, 3]);
    for (const training of [false, true]) {
      expectNoLeak(() => {
        const { features, statistics } = encoder.apply(parameters, images, { training });
        return [...features.maps, ...Object.values(statistics)];
      });
      expectNoLeak(() =>
        tf.grad((x) => encoder.apply(parameters, x as tf.Tensor4D, { training }).features.maps[0]!)(images),
      );
    }
  });

  it('takes pictures of integers for what they show, and refuses what is no batch of them', () => {
    const encoder = tinyEncoder({ channels: 4, width: 4 });
    const parameters = encoder.init(createRandom(1));
    const bytes = tf.cast(tf.reshape(tf.range(0, 768), [1, 16, 16, 3]), 'int32') as tf.Tensor4D;
    const compiled = compileEncoder(encoder, parameters);
    const float = tf.cast(bytes, 'float32');
    for (const encode of [
      (images: tf.Tensor4D) => encoder.apply(parameters, images, { training: false }).features,
      (images: tf.Tensor4D) => compiled.encode(images),
    ]) {
      expectClose(encode(bytes).maps[0]!, encode(float).maps[0]!, 0);
      expect(() => encode(tf.zeros([16, 16, 3]) as never)).toThrow('an encoder takes images of 3 channels');
    }
    compiled.dispose();
    expect(() => conv2d(bytes, tf.ones([1, 1, 3, 1]), { padding: 0 })).toThrow('images are int32');
  });

  it('says which of its parameters are buffers', () => {
    const encoder = dilatedResnet(small, 3, 'small');
    const buffers = Object.keys(encoder.specs).filter(encoder.isBuffer);
    expect(buffers.every((name) => /running_(mean|var)$/.test(name))).toBe(true);
    const { statistics } = encoder.apply(encoder.init(createRandom(1)), tf.ones([2, 16, 16, 3]), { training: true });
    expect(Object.keys(statistics).sort()).toEqual(buffers.sort());
  });
});
