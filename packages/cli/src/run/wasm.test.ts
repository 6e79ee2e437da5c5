import type { Episode, Random } from '@fsmr/core';
import { startEngine } from '@fsmr/engine';
import { disposeState, initialState, train, twoStagePlan } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { afterAll, describe, expect, it } from 'vitest';
import { checkConfig } from '../config/load.js';
import { buildModel } from '../config/model.js';

afterAll(() => tf.setBackend('cpu'));

const side = 64;

/** A disc on noise in two support images; the last rater outlined the second one alone. */
function disc(raters: number, random: Random): Episode {
  const within = (radius: number) =>
    Float32Array.from({ length: side * side }, (_, i) =>
      Math.hypot(Math.floor(i / side) - 30, (i % side) - 34) <= radius ? 1 : 0,
    );
  const names = Array.from({ length: raters }, (_, r) => `r${r}`);
  const annotated = (own: readonly string[]) => ({
    image: tf.tidy(() => {
      const grey = within(14).map((value) => 2 * value + random.normal());
      return tf.tile(tf.tensor3d(grey, [side, side, 1]), [1, 1, 3]);
    }),
    masks: Object.fromEntries(own.map((name) => [name, tf.tensor2d(within(12 + 2 * Number(name[1])), [side, side])])),
  });
  const support = [annotated(raters > 1 ? names.slice(0, -1) : names), annotated(names)];
  return { raters: names, support, query: annotated(names) };
}

/** Every parameter after some steps with and without JAPC, in one list. */
async function trained(
  backend: 'wasm' | 'onnxruntime',
  method: 'alpnet' | 'dspnet' | 'qnet' | 'rpt',
): Promise<number[]> {
  await startEngine({ backend, threads: 1 });
  const options = method === 'alpnet' || method === 'dspnet' ? { protoGridSize: 2 } : {};
  const { model: config } = checkConfig({
    data: { kind: 'phantom' },
    model: { method, channels: 8, methodOptions: options },
  });
  const model = buildModel(config, true);
  const state = await train({
    model,
    plan: twoStagePlan(2, 3),
    state: initialState(model, 1),
    episodes: ({ stage, random }) => disc(stage.raters, random),
    seed: 1,
  });
  const values = Object.keys(state.parameters)
    .sort()
    .flatMap((name) => [...state.parameters[name]!.dataSync()]);
  disposeState(state);
  return values;
}

// What the command falls back to where ONNX Runtime could not be installed.
describe('on the wasm backend', { timeout: 120_000 }, () => {
  it.each(['alpnet', 'dspnet', 'qnet', 'rpt'] as const)('%s trains with JAPC as on the native one', async (method) => {
    const [wasm, native] = [await trained('wasm', method), await trained('onnxruntime', method)];
    expect(wasm).toHaveLength(native.length);
    const furthest = wasm.reduce((most, value, i) => Math.max(most, Math.abs(value - native[i]!)), 0);
    expect(furthest).toBeLessThan(1e-5);
  });
});
