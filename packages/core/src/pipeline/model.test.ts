import { expectNoLeak } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { type Backbone, definePrototypeMethod, type Episode } from '../contract/index.js';
import { cosineSimilarity, maskedAveragePool } from '../ops/index.js';
import { initModel, isModelBuffer, type Model, segmentEpisode } from './model.js';

const pooling: Backbone = {
  name: 'pooling',
  channels: [4],
  strides: [4],
  hasThreshold: false,
  init: (random) => ({
    weight: tf.tensor2d(
      Array.from({ length: 12 }, () => random.normal()),
      [3, 4],
    ),
    seen: tf.scalar(0),
  }),
  isBuffer: (name) => name === 'seen',
  apply: ({ weight, seen }, images, { training }) => {
    const cells = tf.avgPool(images, 4, 4, 'valid');
    const map = tf.reshape(tf.matMul(tf.reshape(cells, [-1, 3]), weight as tf.Tensor2D), [
      ...cells.shape.slice(0, 3),
      4,
    ]);
    return {
      features: { maps: [map as tf.Tensor4D] },
      statistics: training ? { seen: tf.add(seen!, images.shape[0]) } : {},
    };
  },
};

const model: Model = {
  backbone: pooling,
  method: definePrototypeMethod({
    name: 'mean',
    extract: ({ support, mask, shots }) => ({
      levels: [tf.mean(maskedAveragePool(tf.gather(support.maps[0]!, [...shots]), mask), 0, true) as tf.Tensor2D],
    }),
    score: ({ query, prototypes }) => [
      tf.squeeze(cosineSimilarity(tf.squeeze(query.maps[0]!, [0]), prototypes.levels[0]!, 1e-4), [-1]),
    ],
  }),
};

const half = tf.tensor2d(
  Array.from({ length: 256 }, (_, i) => (i < 128 ? 1 : 0)),
  [16, 16],
);
const image = tf.randomNormal([16, 16, 3], 0, 1, 'float32', 5) as tf.Tensor3D;
const episode: Episode = {
  raters: ['anna', 'ben'],
  support: [
    { image, masks: { anna: half, ben: half } },
    { image, masks: { anna: half } },
  ],
  query: { image, masks: {} },
};

describe('segmentEpisode', () => {
  const parameters = initModel(model, 1);

  it('segments once a rater, in the order named', () => {
    const { logits, statistics } = segmentEpisode(model, parameters, episode);
    expect(logits.shape).toEqual([2, 16, 16, 2]);
    expect(statistics).toEqual({});
  });

  it('returns new statistics in training unless the backbone is frozen', () => {
    expect(
      segmentEpisode(model, parameters, episode, { training: true }).statistics['encoder.seen']!.dataSync()[0],
    ).toBe(3);
    expect(segmentEpisode(model, parameters, episode, { training: true, freezeBackbone: true }).statistics).toEqual({});
  });

  it('needs a rater', () => {
    expect(() => segmentEpisode(model, parameters, { ...episode, raters: [] })).toThrow('at least one rater');
  });

  it('names a rater without any mask, and a mask of the wrong size', () => {
    expect(() => segmentEpisode(model, parameters, { ...episode, raters: ['anna', 'carl'] })).toThrow(
      'rater carl: outlined no support image.',
    );
    const small = { ...episode, support: [{ image, masks: { anna: tf.zeros([8, 8]) as tf.Tensor2D } }] };
    expect(() => segmentEpisode(model, parameters, { ...small, raters: ['anna'] })).toThrow(
      'rater anna: a mask of 8 x 8 on an image of 16 x 16.',
    );
  });

  it('refuses parameters of one name, and methods of another version, and frees what it made', () => {
    const init = () => ({ 'encoder.weight': tf.scalar(1) });
    const before = tf.memory().numTensors;
    expect(() => initModel({ ...model, method: { ...model.method, init } }, 1)).toThrow(
      'pooling and mean both have the parameter encoder.weight. Give the second a prefix or names of its own.',
    );
    const later = { ...model.method, specificationVersion: 'fsmr-2' as 'fsmr-1' };
    expect(() => initModel({ ...model, method: later }, 1)).toThrow('method mean is of version "fsmr-2"');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives the same parameters for the same seed, with their published prefix', () => {
    const again = initModel(model, 1);
    expect(Object.keys(again)).toEqual(['encoder.weight', 'encoder.seen']);
    expect(again['encoder.weight']!.dataSync()).toEqual(parameters['encoder.weight']!.dataSync());
    expect(isModelBuffer(model, 'encoder.seen')).toBe(true);
    expect(isModelBuffer(model, 'encoder.weight')).toBe(false);
  });

  it('leaks nothing', () => {
    expectNoLeak(() => segmentEpisode(model, parameters, episode, { training: true }) as never);
    expectNoLeak(() => {
      try {
        segmentEpisode(model, parameters, { ...episode, raters: ['carl'] });
      } catch {}
      return undefined;
    });
  });
});
