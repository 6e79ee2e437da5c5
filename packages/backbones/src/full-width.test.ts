import { readdirSync } from 'node:fs';
import type { ParameterRecord } from '@fsmr/core';
import { expectClose, formulaValues, loadNpzOracle, type Oracle, sharedFolder, sharedPath } from '@fsmr/testing';
import { registerOnnxRuntimeBackend, unregisterOnnxRuntimeBackend } from '@fsmr/tfjs-backend-onnxruntime';
import * as tf from '@tensorflow/tfjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deeplab } from './deeplab.js';
import type { Encoder } from './encoder.js';
import { compileEncoder } from './onnx/compile.js';
import { qnetEncoder } from './qnet.js';
import { loadParameters } from './weights/apply.js';
import type { WeightArray } from './weights/array.js';
import { shapeOnDisk } from './weights/layout.js';

/** A parameter by the formula in the oracles' manifest. */
function byFormula(salt: string, name: string, shape: readonly number[]): WeightArray {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const fan = count / shape[0]!;
  const draw = (low: number, high: number) => formulaValues(salt + name, shape, low, high);
  const symmetric = (bound: number) => draw(-bound, bound);
  if (name.endsWith('running_mean')) return { shape, data: symmetric(0.1) };
  if (name.endsWith('running_var')) return { shape, data: draw(0.5, 1.5) };
  if (shape.length === 4) return { shape, data: symmetric(Math.sqrt(3 / fan) * Math.sqrt(2)) };
  if (shape.length === 2) return { shape, data: symmetric(Math.sqrt(3 / fan)) };
  if (!name.endsWith('.weight')) return { shape, data: symmetric(0.1) };
  const gain = name.includes('bn3.weight') ? 0.3 : 1;
  return { shape, data: symmetric(1).map((value) => gain * (1 + 0.2 * value)) };
}

function fill(encoder: Encoder, salt: string): ParameterRecord {
  const arrays = Object.entries(encoder.specs).map(
    ([name, { shape }]) => [name, byFormula(salt, name, shapeOnDisk(shape))] as const,
  );
  return loadParameters(encoder, new Map(arrays)).parameters;
}

function image(salt: string, name: string, batch: number, size: number): tf.Tensor4D {
  const values = formulaValues(salt + name, [batch, 3, size, size], -1, 1).map((value) => 2 * value);
  return tf.tidy(() => tf.transpose(tf.tensor4d(values, [batch, 3, size, size]), [0, 2, 3, 1]));
}

const everyChannel = (x: tf.Tensor4D, step: number): tf.Tensor =>
  tf.stridedSlice(x, [0, 0, 0, 0], [...x.shape], [1, 1, 1, step]);

const cases = (prefix: string): string[] =>
  sharedFolder === undefined
    ? []
    : readdirSync(sharedPath('oracles', 'npz')).flatMap((file) =>
        file.startsWith(prefix) && file.endsWith('.npz') ? [file.slice(0, -'.npz'.length)] : [],
      );

describe.skipIf(sharedFolder === undefined)('encoders at full width against the published ones', () => {
  beforeAll(async () => {
    registerOnnxRuntimeBackend({ name: 'full' });
    await tf.setBackend('full');
  });
  afterAll(async () => {
    await tf.setBackend('cpu');
    unregisterOnnxRuntimeBackend('full');
  });
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const setUp = (name: string, encoder: Encoder): { oracle: Oracle; salt: string; parameters: ParameterRecord } => {
    const oracle = loadNpzOracle(name);
    const salt = oracle.constants.salt as string;
    return { oracle, salt, parameters: fill(encoder, salt) };
  };

  it.each(cases('encoder_full_deeplab'))('%s', { timeout: 240_000 }, (name) => {
    const encoder = deeplab({ depth: 101 });
    const { oracle, salt, parameters } = setUp(name, encoder);
    expect(oracle.has('y64')).toBe(true);
    const small = image(salt, 'image64', 1, 64);
    const eager = encoder.apply(parameters, small, { training: false }).features.maps[0]!;
    expectClose(eager, oracle.nhwc('y64'));
    const compiled = compileEncoder(encoder, parameters);
    expectClose(compiled.encode(small).maps[0]!, oracle.nhwc('y64'));
    const large = compiled.encode(image(salt, 'image256', 1, 256)).maps[0]!;
    expectClose(everyChannel(large, 4), oracle.nhwc('y256'));
    expectClose(tf.mean(large, [1, 2]), oracle.tensor('y256_chmean'));
    compiled.dispose();
    const pair = image(salt, 'image64b2', 2, 64);
    expectClose(encoder.apply(parameters, pair, { training: true }).features.maps[0]!, oracle.nhwc('y64_train'));
  });

  it.each(cases('encoder_full_qnet'))('%s', { timeout: 240_000 }, (name) => {
    const encoder = qnetEncoder({ variant: 'qnet' });
    const { oracle, salt, parameters } = setUp(name, encoder);
    expect(oracle.has('t')).toBe(true);
    const images = image(salt, 'image64', 1, 64);
    const { maps, threshold } = encoder.apply(parameters, images, { training: false }).features;
    expectClose(everyChannel(maps[0]!, 4), oracle.nhwc('down2'));
    expectClose(everyChannel(maps[1]!, 2), oracle.nhwc('down3'));
    expectClose(threshold!, oracle.tensor('t'));
    const alone = qnetEncoder({ variant: 'rpt' });
    const only = alone.apply(parameters, images, { training: false }).features;
    expect(only.maps.length).toBe(1);
    expectClose(everyChannel(only.maps[0]!, 4), oracle.nhwc('down2'));
    expectClose(only.threshold!, oracle.tensor('t'));
  });
});
