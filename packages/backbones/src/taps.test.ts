import { createRandom } from '@fsmr/core';
import { expectClose, expectNoLeak } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { applyWithTaps, dilatedResnet, encoderTaps, resnet18, resnet101, resnetTrunk, tinyEncoder } from './index.js';

const summary = (taps: ReturnType<typeof encoderTaps>) => taps.map(({ channels, stride }) => [stride, channels]);

describe('taps', () => {
  it('are the last map of each resolution', () => {
    expect(summary(encoderTaps(resnet101()))).toEqual([
      [2, 64],
      [4, 256],
      [8, 2048],
    ]);
    expect(encoderTaps(resnet101({ layers: 3 })).map(({ name }) => name)).toEqual([
      'backbone.bn1',
      'backbone.layer1.2.bn3',
      'backbone.layer3.22.bn3',
    ]);
    expect(summary(encoderTaps(resnet18({ layers: 3 })))).toEqual([
      [2, 64],
      [4, 64],
      [8, 256],
    ]);
    expect(summary(encoderTaps(tinyEncoder()))).toEqual([
      [2, 16],
      [4, 32],
      [8, 64],
    ]);
    const trunk = resnetTrunk({ block: 'basic', blocks: [3, 4, 6, 3], dilated: [false, false, false] }, 'r34');
    expect(summary(encoderTaps(trunk))).toEqual([
      [2, 64],
      [4, 64],
      [8, 128],
      [16, 256],
      [32, 512],
    ]);
  });

  const small = { block: 'bottleneck', blocks: [1, 2, 1, 1], width: 2, dilated: [false, true, true] } as const;

  it.each([false, true])('come with the same features and statistics as apply gives, training %s', (training) => {
    const encoder = dilatedResnet(small, 3, 'small');
    const parameters = encoder.init(createRandom(1));
    const images: tf.Tensor4D = tf.randomNormal([2, 32, 32, 3], 0, 1, 'float32', 1);
    const taps = encoderTaps(encoder);
    const plain = encoder.apply(parameters, images, { training });
    const tapped = applyWithTaps(encoder, parameters, images, taps, { training });
    expectClose(tapped.features.maps[0]!, plain.features.maps[0]!, 0);
    expect(Object.keys(tapped.statistics)).toEqual(Object.keys(plain.statistics));
    expect(tapped.taps.map(({ shape }) => shape)).toEqual(
      taps.map((t) => [2, 32 / t.stride, 32 / t.stride, t.channels]),
    );
    expectNoLeak(() => {
      const { features, taps: maps, statistics } = applyWithTaps(encoder, parameters, images, taps, { training });
      return [...features.maps, ...maps, ...Object.values(statistics)];
    });
  });

  it('names a map the encoder does not have', () => {
    const encoder = tinyEncoder();
    const parameters = encoder.init(createRandom(1));
    const tap = { name: 'layer9', channels: 1, stride: 2 };
    expect(() => applyWithTaps(encoder, parameters, tf.zeros([1, 16, 16, 3]), [tap], { training: false })).toThrow(
      'the encoder tiny-8 has no map layer9',
    );
  });
});
