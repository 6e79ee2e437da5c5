import { expectNoLeak } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { type Backbone, definePrototypeMethod, type Episode } from '../contract/index.js';
import { cosineSimilarity, maskedAveragePool } from '../ops/index.js';
import { episodeMasks } from './episode-masks.js';
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

  it('refuses a rater who is listed twice', () => {
    expect(() => segmentEpisode(model, parameters, { ...episode, raters: ['anna', 'ben', 'anna'] })).toThrow(
      'rater anna: is listed twice. Name each rater once.',
    );
  });

  it('takes masks and images of any type', () => {
    const { logits } = segmentEpisode(model, parameters, episode);
    const [drawn, counted] = [tf.cast(half, 'bool'), tf.cast(half, 'int32')];
    const mixed = {
      ...episode,
      support: [
        { image, masks: { anna: drawn, ben: half } },
        { image, masks: { anna: counted } },
      ],
      query: { image, masks: { anna: half, ben: drawn } },
    };
    expect(segmentEpisode(model, parameters, mixed).logits.dataSync()).toEqual(logits.dataSync());
    const whole = tf.round(tf.mul(image, 10)) as tf.Tensor3D;
    const of = (support: tf.Tensor3D, query: tf.Tensor3D) =>
      segmentEpisode(model, parameters, {
        raters: ['anna'],
        support: [{ image: support, masks: { anna: half } }],
        query: { image: query, masks: {} },
      }).logits.dataSync();
    const counts = tf.cast(whole, 'int32');
    expect(of(counts, whole)).toEqual(of(whole, whole));
    expect(of(counts, counts)).toEqual(of(whole, whole));
  });

  it('names the rater whose mask has another rank, on support and query', () => {
    const column = tf.expandDims(half, 2) as unknown as tf.Tensor2D;
    const message =
      'rater ben: a mask of 16 x 16 x 1 on an image of 16 x 16. Give masks [H, W] as large as their image.';
    const support = [{ image, masks: { anna: half, ben: column } }];
    expect(() => segmentEpisode(model, parameters, { ...episode, support })).toThrow(message);
    const query = { image, masks: { ben: column } };
    expect(() => segmentEpisode(model, parameters, { ...episode, query })).toThrow(message);
  });

  it('names the image of another shape', () => {
    const grey = tf.zeros([16, 16, 1]) as tf.Tensor3D;
    expect(() => segmentEpisode(model, parameters, { ...episode, query: { image: grey, masks: {} } })).toThrow(
      'the query image is [16,16,1], not [H, W, 3]. Repeat one grey channel three times: tf.tile(image, [1, 1, 3]).',
    );
    const batch = tf.expandDims(image, 0) as unknown as tf.Tensor3D;
    const support = [{ image, masks: { anna: half, ben: half } }];
    expect(() =>
      segmentEpisode(model, parameters, { ...episode, support: [...support, { image: batch, masks: {} }] }),
    ).toThrow('support image 1 is [1,16,16,3], not [H, W, 3].');
    const flat = tf.zeros([16, 16]) as unknown as tf.Tensor3D;
    expect(() => episodeMasks({ ...episode, support: [{ image: flat, masks: { anna: half, ben: half } }] })).toThrow(
      'support image 0 is [16,16], not [H, W, 3].',
    );
    const small = tf.zeros([8, 16, 3]) as tf.Tensor3D;
    expect(() => segmentEpisode(model, parameters, { ...episode, query: { image: small, masks: {} } })).toThrow(
      'images of one episode must have one size, but the query image is [8,16,3] and support image 0 [16,16,3].',
    );
  });

  it('names the image that holds no numbers', () => {
    const spoiled = (value: number) => {
      const values = image.dataSync().slice();
      values[7] = value;
      return tf.tensor3d(values, [16, 16, 3]);
    };
    const query = { image: spoiled(Number.NaN), masks: {} };
    expect(() => segmentEpisode(model, parameters, { ...episode, query })).toThrow(
      'the query image holds NaN. Give finite values; 0 where nothing was measured.',
    );
    const second = { image: spoiled(Number.NEGATIVE_INFINITY), masks: { anna: half } };
    expect(() => segmentEpisode(model, parameters, { ...episode, support: [episode.support[0]!, second] })).toThrow(
      'support image 1 holds -Infinity.',
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
    const column = tf.expandDims(half, 2) as unknown as tf.Tensor2D;
    const spoiled = tf.fill([16, 16, 3], Number.NaN) as tf.Tensor3D;
    for (const wrong of [
      { raters: ['carl'] },
      { raters: ['ben', 'ben'] },
      { query: { image: spoiled, masks: {} } },
      { query: { image, masks: { ben: column } } },
    ]) {
      expectNoLeak(() => {
        expect(() => segmentEpisode(model, parameters, { ...episode, ...wrong })).toThrow();
        return undefined;
      });
    }
  });
});
