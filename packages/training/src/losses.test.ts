import { alpnet } from '@fsmr/alpnet';
import { tinyEncoder } from '@fsmr/backbones';
import type { Model } from '@fsmr/core';
import { expectNoLeak } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { areaMethod, modelOf } from './area.fixture.js';
import { episodeLosses, segmentationLoss } from './losses.js';
import { initialState } from './state.js';

describe('segmentationLoss', () => {
  it('is the mean over raters of each rater’s own weighted mean', () => {
    // Rater 1: one foreground pixel of logit 2 and an ignored one. Rater 2: one background pixel of logit -1, one of 3.
    const logits = tf.tensor4d([0, 2, 0, 9, 0, -1, 0, 3], [2, 1, 2, 2]);
    const truth = tf.tensor3d([1, 255, 0, 1], [2, 1, 2]);
    const softplus = (x: number) => Math.log(1 + Math.exp(x));
    const first = softplus(-2);
    const second = (0.05 * softplus(-1) + softplus(-3)) / 1.05;
    expect(segmentationLoss(logits, truth, [0.05, 1]).dataSync()[0]).toBeCloseTo((first + second) / 2, 6);
    expectNoLeak(() => segmentationLoss(logits, truth, [0.05, 1]));
    const three = tf.concat([truth, truth.slice([0, 0, 0], [1, 1, 2])], 0) as tf.Tensor3D;
    expect(() => segmentationLoss(logits, three, [0.05, 1])).toThrow('do not speak of the same raters');
  });
});

describe('episodeLosses', () => {
  it('names the rater whose query mask is missing', () => {
    const image = tf.zeros([2, 4, 3]) as tf.Tensor3D;
    const mask = tf.ones([2, 4]) as tf.Tensor2D;
    const episode = {
      raters: ['ann', 'ben'],
      support: [{ image, masks: { ann: mask, ben: mask } }],
      query: { image, masks: { ann: mask } },
    };
    const weights = { alignmentWeight: 1, calibrationWeight: 1 };
    expect(() => episodeLosses(modelOf(areaMethod), {}, episode, weights)).toThrow('rater ben');
  });

  it('takes masks of any type', () => {
    const model: Model = { backbone: tinyEncoder({ channels: 8, width: 4 }), method: alpnet({ protoGridSize: 2 }) };
    const { parameters } = initialState(model, 1);
    const image = tf.randomNormal([32, 32, 3], 0, 1, 'float32', 1) as tf.Tensor3D;
    const mask = tf.pad(tf.ones([16, 16]), [
      [8, 8],
      [8, 8],
    ]) as tf.Tensor2D;
    const total = (ann: tf.Tensor2D, ben: tf.Tensor2D): number => {
      const masks = { ann, ben };
      const episode = { raters: ['ann', 'ben'], support: [{ image, masks }], query: { image, masks } };
      const weights = { alignmentWeight: 1, calibrationWeight: 1 };
      return episodeLosses(model, parameters, episode, weights).losses.total.dataSync()[0]!;
    };
    expect(total(tf.cast(mask, 'bool'), tf.cast(mask, 'int32'))).toBe(total(mask, mask));
    expect(total(mask, tf.cast(mask, 'int32'))).toBe(total(mask, mask));
  });

  it('names the rater whose truth is no mask', () => {
    const model: Model = { backbone: tinyEncoder({ channels: 8, width: 4 }), method: alpnet({ protoGridSize: 2 }) };
    const { parameters } = initialState(model, 1);
    const image = tf.randomNormal([32, 32, 3], 0, 1, 'float32', 1) as tf.Tensor3D;
    const mask = tf.ones([32, 32]) as tf.Tensor2D;
    const spoiled = tf.fill([32, 32], Number.NaN) as tf.Tensor2D;
    const episode = {
      raters: ['ann', 'ben'],
      support: [{ image, masks: { ann: mask, ben: mask } }],
      query: { image, masks: { ann: mask, ben: spoiled } },
    };
    for (const boundWeight of [0, 1]) {
      const weights = { alignmentWeight: 1, calibrationWeight: 1, boundWeight };
      expect(() => episodeLosses(model, parameters, episode, weights)).toThrow(
        'rater ben: a mask of the truth holds NaN',
      );
    }
  });

  it('weighs the classes as it is told, and else as the method does', () => {
    const image = tf.randomNormal([32, 32, 3], 0, 1, 'float32', 1) as tf.Tensor3D;
    const mask = tf.pad(tf.ones([16, 12]), [
      [8, 8],
      [10, 10],
    ]) as tf.Tensor2D;
    const annotated = { image, masks: { ann: mask } };
    const episode = { raters: ['ann'], support: [annotated], query: annotated };
    const model: Model = { backbone: tinyEncoder({ channels: 8, width: 4 }), method: alpnet({ protoGridSize: 2 }) };
    const { parameters } = initialState(model, 1);
    const loss = (classWeights?: readonly [number, number]) => {
      const weights = { alignmentWeight: 0, calibrationWeight: 0, classWeights };
      return episodeLosses(model, parameters, episode, weights).losses.segmentation.dataSync()[0]!;
    };
    expect(loss()).toBe(loss(model.method.classWeights));
    expect(loss([1, 1])).not.toBeCloseTo(loss(), 3);
    // Scale alone changes nothing: the mean is divided by the weights.
    expect(loss([2, 2])).toBeCloseTo(loss([1, 1]), 6);
  });

  it('adds the bound loss with its weight, where it has one', () => {
    const model: Model = { backbone: tinyEncoder({ channels: 8, width: 4 }), method: alpnet({ protoGridSize: 2 }) };
    const { parameters } = initialState(model, 1);
    const image = tf.randomNormal([32, 32, 3], 0, 1, 'float32', 1) as tf.Tensor3D;
    const [half, more] = [16, 20].map(
      (rows) =>
        tf.pad(tf.ones([rows, 32]), [
          [0, 32 - rows],
          [0, 0],
        ]) as tf.Tensor2D,
    );
    const masks = { ann: half!, ben: more! };
    const episode = { raters: ['ann', 'ben'], support: [{ image, masks }], query: { image, masks } };
    const of = (boundWeight?: number) =>
      episodeLosses(model, parameters, episode, { alignmentWeight: 1, calibrationWeight: 1, boundWeight }).losses;
    const [without, once, twice] = [of(), of(1), of(2)];
    expect(Object.keys(without.auxiliary)).not.toContain('bound');
    const [one, two] = [once, twice].map(({ auxiliary }) => auxiliary.bound!.dataSync()[0]!);
    expect(two).toBeCloseTo(2 * one!, 6);
    expect(twice.total.dataSync()[0]! - without.total.dataSync()[0]!).toBeCloseTo(two!, 5);
  });
});
