import { createRandom, WeightsError } from '@fsmr/core';
import { expectClose, expectNoLeak } from '@fsmr/testing';
import type * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { tinyEncoder } from '../tiny.js';
import { applyWeights, loadParameters } from './apply.js';
import { toWeights } from './save.js';

const encoder = tinyEncoder({ channels: 3, width: 2 });
const parameters = encoder.init(createRandom(1));
const weights = toWeights(encoder.init(createRandom(2)), 'encoder.');
const without = (name: string) => new Map([...weights].filter(([key]) => key !== name));

describe.each([
  ['applyWeights', (file: typeof weights, options: object) => applyWeights(parameters, file, options)],
  ['loadParameters', (file: typeof weights, options: object) => loadParameters(encoder, file, options)],
])('%s', (_name, load) => {
  const prefix = 'encoder.';

  it('puts every array in its place, kernels turned', () => {
    const { parameters: loaded, missing, surplus } = load(weights, { prefix });
    expect([missing, surplus]).toEqual([[], []]);
    expect(Object.keys(loaded)).toEqual(Object.keys(encoder.specs));
    for (const [name, array] of toWeights(loaded, prefix)) expectClose(array.data, weights.get(name)!.data, 0);
    const kernel = weights.get('encoder.backbone.1.conv.weight')!;
    expect(kernel.shape).toEqual([4, 2, 3, 3]);
    const [out, input, row, column] = [3, 1, 2, 0] as const;
    const value = (loaded['backbone.1.conv.weight'] as tf.Tensor4D).arraySync()[row]![column]![input]![out]!;
    expect(value).toBe(kernel.data[((out * 2 + input) * 3 + row) * 3 + column]);
  });

  it('names a missing, a surplus and a misshapen array with both shapes', () => {
    const file = new Map(without('encoder.backbone.0.bn.bias'));
    file.set('encoder.head.weight', { shape: [2, 2], data: new Float32Array(4) });
    file.set('encoder.localconv.weight', { shape: [3, 8, 1, 1], data: new Float32Array(24) });
    expect(() => load(file, { prefix })).toThrow(WeightsError);
    expect(() => load(file, { prefix })).toThrow('encoder.backbone.0.bn.bias [2] is missing');
    expect(() => load(file, { prefix })).toThrow('encoder.head.weight [2,2] is surplus');
    expect(() => load(file, { prefix })).toThrow(
      'encoder.localconv.weight has shape [3,8,1,1] where the model has [3,8,3,3]',
    );
  });

  it('reports them instead if not strict, but never takes another shape', () => {
    const file = new Map(without('encoder.localconv.weight'));
    file.set('other', { shape: [1], data: new Float32Array(1) });
    file.set('encoder.backbone.0.bn.num_batches_tracked', { shape: [], data: new Float64Array(1) });
    const { missing, surplus, parameters: loaded } = load(file, { prefix, strict: false });
    expect([missing, surplus]).toEqual([['localconv.weight'], ['other']]);
    expect(Object.keys(loaded)).toEqual(Object.keys(encoder.specs));
    file.set('encoder.localconv.weight', { shape: [1], data: new Float32Array(1) });
    expect(() => load(file, { prefix, strict: false })).toThrow(WeightsError);
  });

  it('leaves nothing behind, and the old parameters alone', () => {
    expectNoLeak(() => ({ ...load(weights, { prefix }).parameters }));
    expect(Object.values(parameters).some((tensor) => tensor.isDisposed)).toBe(false);
  });
});

describe('loadParameters', () => {
  it('draws what the file lacks as init draws it', () => {
    const { parameters: loaded } = loadParameters(encoder, new Map(), { strict: false, random: createRandom(1) });
    for (const [name, tensor] of Object.entries(loaded)) expectClose(tensor, parameters[name]!, 0);
  });
});
