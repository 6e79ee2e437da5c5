import { allShots, segmentFeatures } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { checkConfig } from './load.js';
import { backboneLayout, buildModel } from './model.js';

it('tells layouts apart whose encoders have one name and the same parameters', () => {
  const layout = (model: object) => backboneLayout(checkConfig({ data: { kind: 'phantom' }, model }).model);
  const strides = [{}, { strideOn: '1x1' }, { strideOn: '3x3' }];
  const names = ['resnet50', 'resnet101'].flatMap((backbone) => strides.map((one) => layout({ backbone, ...one })));
  expect(new Set(names).size).toBe(6);
});

it('answers nothing for a rater without a filled cell under the released preset, as the published program does', () => {
  // A checkerboard of cells: no window of 2 x 2 is background throughout.
  const board = Array.from({ length: 64 }, (_, i) => ((i >> 3) + i) % 2);
  const features = (seed: number) => ({ maps: [tf.randomNormal<tf.Rank.R4>([1, 8, 8, 4], 0, 1, 'float32', seed)] });
  const prototypes = (method: 'alpnet' | 'dspnet', more: object, calibrated: boolean) =>
    tf.tidy(() => {
      const options = { protoGridSize: 4, evaluationWindow: 2 };
      const model = { method, methodOptions: { ...options, ...more }, japc: { preset: 'released' } };
      const { model: checked } = checkConfig({ data: { kind: 'phantom' }, model });
      const built = buildModel(checked, calibrated);
      const bare = { ...built.method, calibrator: undefined };
      const { classes } = segmentFeatures({
        method: bare,
        parameters: built.method.init({ channels: [4], random: undefined as never }),
        support: features(1),
        query: features(2),
        masks: tf.tensor4d(board, [1, 1, 8, 8]),
        shots: allShots(1, 1),
      });
      return classes.background!.prototypes[0]!.levels[0]!.shape[0];
    });
  for (const method of ['alpnet', 'dspnet'] as const) {
    expect(prototypes(method, {}, true)).toBe(0);
    expect(prototypes(method, {}, false)).toBe(1);
    expect(prototypes(method, { emptyGrid: 'class-prototype' }, true)).toBe(1);
  }
});
