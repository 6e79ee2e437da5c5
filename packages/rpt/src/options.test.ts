import { createRandom, type FeatureMaps, segmentFeatures } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rpt, rptPresets, seededDropout } from './index.js';

describe('the options of RPT', () => {
  it('are refused where they make no sense', () => {
    expect(() => rpt({ regions: 0 })).toThrow(/regions/);
    expect(() => rpt({ iterations: 1.5 })).toThrow(/iterations/);
    expect(() => rpt({ dropout: 1 })).toThrow(/dropout/);
  });

  it('accept every preset', () => {
    for (const { options } of Object.values(rptPresets)) expect(rpt(options).name).toBe('rpt');
  });
});

describe('the parameters of RPT', () => {
  it('carry the published names, shapes and spread', () => {
    const parameters = rpt().init({ channels: [32], random: createRandom(1) });
    expect(Object.keys(parameters).sort()).toMatchInlineSnapshot(`
      [
        "MHA.fc.bias",
        "MHA.fc.weight",
        "MHA.layer_norm.bias",
        "MHA.layer_norm.weight",
        "MHA.w_ks.bias",
        "MHA.w_ks.weight",
        "MHA.w_qs.bias",
        "MHA.w_qs.weight",
        "MHA.w_vs.bias",
        "MHA.w_vs.weight",
        "MLP.mlp.0.bias",
        "MLP.mlp.0.weight",
        "MLP.mlp.2.bias",
        "MLP.mlp.2.weight",
        "MLP.norm.bias",
        "MLP.norm.weight",
        "layer_norm.bias",
        "layer_norm.weight",
      ]
    `);
    expect(parameters['MHA.w_qs.weight']!.shape).toEqual([96, 32]);
    expect(parameters['MHA.fc.weight']!.shape).toEqual([32, 96]);
    expect(parameters['MLP.mlp.0.weight']!.shape).toEqual([64, 32]);
    const deviation = (name: string) => tf.tidy(() => Math.sqrt(tf.moments(parameters[name]!).variance.dataSync()[0]!));
    expect(deviation('MHA.w_qs.weight') / Math.sqrt(2 / 64)).toBeCloseTo(1, 1);
    expect(deviation('MHA.fc.weight') / Math.sqrt(2 / 128)).toBeCloseTo(1, 1);
    expect(deviation('MLP.mlp.2.weight') / Math.sqrt(1 / 64 / 3)).toBeCloseTo(1, 1);
    tf.dispose(Object.values(parameters));
  });
});

describe('dropout', () => {
  it('zeros the given share and keeps the mean', () => {
    tf.tidy(() => {
      const values = Float32Array.from(seededDropout(0.1)(tf.ones([100, 100]), createRandom(1)).dataSync());
      expect(values.filter((value) => value === 0).length / values.length).toBeCloseTo(0.1, 1);
      expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(1, 1);
    });
  });
});

describe('what does not fit', () => {
  const features = { maps: [] as tf.Tensor4D[], threshold: undefined as unknown as tf.Tensor2D };
  beforeAll(() => {
    features.maps.push(tf.ones([1, 4, 4, 3]));
    features.threshold = tf.zeros([1, 1]);
  });
  afterAll(() => tf.dispose([features.maps, features.threshold]));
  const run = (method: ReturnType<typeof rpt>, given: FeatureMaps) =>
    tf.tidy(() => {
      const masks = tf.ones([1, 1, 8, 8]) as tf.Tensor4D;
      return segmentFeatures({ method, parameters: {}, support: given, query: given, masks, shots: [[0]] }).logits;
    });

  it('is named: a missing parameter, a missing threshold, a first region out of range', () => {
    expect(() => run(rpt(), features)).toThrow(/MHA|layer_norm/);
    expect(() => run(rpt(), { maps: features.maps })).toThrow(/threshold/);
    expect(() => run(rpt({ firstRegion: (count) => count }), features)).toThrow(/firstRegion/);
  });
});
