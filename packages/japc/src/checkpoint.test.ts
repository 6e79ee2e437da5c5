import { alpnet } from '@fsmr/alpnet';
import { allShots, createRandom, type ParameterRecord, segmentFeatures } from '@fsmr/core';
import { dspnet } from '@fsmr/dspnet';
import { expectClose } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { attentionPrefix, japc } from './index.js';

const channels = 8;
const random = createRandom(3);
const mask = tf.tensor4d(
  Float32Array.from({ length: 2 * 256 }, (_, i) => (i % 256 < (i < 256 ? 128 : 192) ? 1 : 0)),
  [2, 1, 16, 16],
);
const features = (seed: number) => ({
  maps: [tf.randomNormal([1, 4, 4, channels], 0, 1, 'float32', seed) as tf.Tensor4D],
});

/** What a state_dict of the published program holds besides the encoder. */
function published(branch: 'main' | 'ssl-alp'): Record<string, tf.Tensor> {
  const layer = (name: string): [string, tf.Tensor][] => [
    [`${attentionPrefix}${name}.weight`, tf.randomNormal([channels, channels], 0, 1, 'float32', name.charCodeAt(0))],
    [`${attentionPrefix}${name}.bias`, tf.randomNormal([channels], 0, 1, 'float32', name.charCodeAt(0) + 1)],
  ];
  const names = branch === 'main' ? ['q', 'k', 'v'] : ['q', 'k'];
  return {
    ...Object.fromEntries(names.flatMap(layer)),
    ...(branch === 'main' ? { 'cls_unit.cal': tf.eye(channels) } : {}),
  };
}

describe('published checkpoints', () => {
  const methods = {
    main: japc(dspnet({ protoGridSize: 2 }), { preset: 'released' }),
    'ssl-alp': japc(alpnet({ protoGridSize: 2 }), { preset: 'released' }),
  };

  it.each(['main', 'ssl-alp'] as const)('%s: names and shapes are those of a fresh model', (branch) => {
    const method = methods[branch];
    const inputs = { channels: [channels], random };
    const fresh: ParameterRecord = { ...method.init(inputs), ...method.calibrator!.init(inputs) };
    const loaded = published(branch);
    const used = Object.keys(loaded).filter((name) => !name.startsWith(`${attentionPrefix}v.`));
    expect(Object.keys(fresh).sort()).toEqual(used.sort());
    for (const name of used) expect(fresh[name]!.shape).toEqual(loaded[name]!.shape);
  });

  it('pass through with their unused value layer, which changes nothing', () => {
    const { 'cls_unit.cal': cal, ...attention } = published('main');
    const segment = (parameters: ParameterRecord) =>
      segmentFeatures({
        method: methods.main as never,
        parameters,
        support: features(1),
        query: features(2),
        masks: mask,
        shots: allShots(2, 1),
      });
    const whole = segment({ ...attention, 'cls_unit.cal': cal! });
    const without = Object.entries(attention).filter(([name]) => !name.startsWith(`${attentionPrefix}v.`));
    const bare = segment({ ...Object.fromEntries(without), 'cls_unit.cal': cal! });
    expectClose(whole.logits, bare.logits, 0);
    expectClose(whole.calibrationLoss, bare.calibrationLoss, 0);
    expect(whole.calibrationLoss.dataSync()[0]).toBeGreaterThan(0);
  });

  it('train the projections at the full rate, whatever the method does to its own', () => {
    expect(methods.main.learningRateScale(`${attentionPrefix}q.weight`)).toBe(1);
    expect(methods.main.learningRateScale('cls_unit.cal')).toBe(1e-4);
  });

  it('take the alignment loss on the feature grid, as released', () => {
    expect(methods['ssl-alp'].alignment).toEqual({ predictedMask: 'features', targets: 'features', skipEmpty: false });
    expect(japc(alpnet()).alignment).toEqual(alpnet().alignment);
  });
});
