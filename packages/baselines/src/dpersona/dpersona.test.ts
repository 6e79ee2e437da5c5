import { isBuffer, tinyEncoder } from '@fsmr/backbones';
import { createRandom } from '@fsmr/core';
import { expectClose, gradientError } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { disposeTrained, type Trained } from '../learning/adam.js';
import { useNativeBackend } from '../network/oracle.fixture.js';
import { klDivergence } from './gaussian.js';
import { boundLoss, bounds, generalisedDiceLoss, normSum } from './losses.js';
import { type Dpersona, sharedDpersona } from './model.js';
import { attendBank, headBlanks, isHead } from './projection-heads.js';
import { diversifyStep, diversityLosses, dpersonaLogits, personaliseStep } from './steps.js';

useNativeBackend('dpersona-steps');

const number = (scalar: tf.Scalar) => scalar.dataSync()[0]!;

describe('generalised Dice', () => {
  const masks = tf.cast(tf.greater(tf.randomUniform([2, 4, 4, 3], 0, 1, 'float32', 1), 0.5), 'float32') as tf.Tensor4D;
  const sure = (targets: tf.Tensor4D) => tf.mul(tf.sub(targets, 0.5), 200) as tf.Tensor4D;

  it('is 0 for a perfect prediction', () => {
    expect(number(generalisedDiceLoss(sure(masks), masks))).toBeCloseTo(0, 5);
    expect(number(boundLoss(sure(masks), masks))).toBeCloseTo(0, 5);
  });

  it('is 1 for a channel without target, one half with the complement', () => {
    const empty = tf.zeros([1, 4, 4, 2]) as tf.Tensor4D;
    expect(number(generalisedDiceLoss(sure(empty), empty))).toBeCloseTo(1, 5);
    const one = tf.zeros([1, 4, 4, 1]) as tf.Tensor4D;
    expect(number(generalisedDiceLoss(sure(one), one))).toBeCloseTo(0.5, 5);
  });

  it('has the gradient of finite differences', () => {
    const logits = tf.randomNormal([2, 4, 4, 3], 0, 1, 'float32', 2) as tf.Tensor4D;
    expect(gradientError((x) => generalisedDiceLoss(x as tf.Tensor4D, masks), logits)).toBeLessThan(1e-2);
    expect(gradientError((x) => boundLoss(x as tf.Tensor4D, masks), logits, { step: 1e-3 })).toBeLessThan(2e-2);
  });

  it('bounds are union and intersection', () => {
    const pair = tf.tensor4d([1, 1, 1, 0, 0, 0], [1, 1, 3, 2]);
    expectClose(bounds(pair), [1, 1, 1, 0, 0, 0], 0);
  });
});

describe('latent space', () => {
  it('equal distributions do not diverge, others by the closed form', () => {
    const gaussian = (mean: number, deviation: number) => ({
      mean: tf.fill([1, 6], mean) as tf.Tensor2D,
      deviation: tf.fill([1, 6], deviation) as tf.Tensor2D,
    });
    expect(klDivergence(gaussian(0.3, 2), gaussian(0.3, 2)).dataSync()[0]).toBeCloseTo(0, 6);
    const one = Math.log(2 / 0.5) + (0.25 + 0.09) / 8 - 0.5;
    expect(klDivergence(gaussian(0.3, 0.5), gaussian(0, 2)).dataSync()[0]).toBeCloseTo(6 * one, 4);
  });

  it('heads start with the spread of Kaiming and biases next to zero, as published', () => {
    const random = createRandom(3);
    for (const [name, blank] of Object.entries(headBlanks(5))) {
      const values = new Float32Array(blank.shape.reduce((product, extent) => product * extent, 1));
      blank.filling(values, blank.shape, random);
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
      if (name.endsWith('.bias')) expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.002);
      else expect(deviation / Math.sqrt(2 / (9 * blank.shape[2]!))).toBeCloseTo(1, 0.8);
    }
  });

  it('a bank of one point gives that point to every question', () => {
    const point = tf.tensor([1, -2, 3, -4, 5, -6]);
    const bank = tf.tile(tf.reshape(point, [1, 1, 6]), [1, 9, 1]) as tf.Tensor3D;
    expectClose(attendBank(tf.randomNormal([1, 6], 0, 5) as tf.Tensor2D, bank), point, 1e-5);
  });

  it('the norm of nothing has no gradient', () => {
    expect(
      tf
        .grad((x) => normSum({ x }))(tf.zeros([3]))
        .dataSync(),
    ).toEqual(new Float32Array(3));
  });
});

describe('training D-Persona', () => {
  const model = (): Dpersona => sharedDpersona({ encoder: tinyEncoder({ channels: 8, width: 4 }), raters: 3 });
  const fresh = (): Trained => ({ parameters: model().init(createRandom(1)), moments: {} });
  const images = () => tf.randomNormal([2, 12, 20, 3], 0, 1, 'float32', 3) as tf.Tensor4D;
  const masks = () => tf.cast(tf.greater(images(), 0.2), 'float32') as tf.Tensor4D;
  // Bytes, since comparing millions of numbers one by one takes too long.
  const bytes = ({ parameters }: Trained) =>
    Object.fromEntries(
      Object.entries(parameters).map(([name, tensor]) => [
        name,
        Buffer.from(Float32Array.from(tensor.dataSync()).buffer),
      ]),
    );

  it('stage 1 leaves heads alone, stage 2 everything else but running statistics; both free what they replace', () => {
    const network = model();
    const batch = { images: images(), masks: masks() };
    let state = fresh();
    const start = bytes(state);
    const first = diversifyStep(network, state, batch, createRandom(5));
    const middle = bytes(first.state);
    const names = Object.keys(start);
    expect(names.filter((name) => isHead(name) && !middle[name]!.equals(start[name]!))).toEqual([]);
    expect(middle['fcomb.layers.0.weight']!.equals(start['fcomb.layers.0.weight']!)).toBe(false);
    state = first.state;
    const second = personaliseStep(network, state, batch, createRandom(6));
    const end = bytes(second.state);
    const moved = names.filter((name) => !end[name]!.equals(middle[name]!));
    expect(moved.filter((name) => !isHead(name) && !isBuffer(name))).toEqual([]);
    // Single heads may be dead at first.
    expect(moved.some(isHead)).toBe(true);
    expect(moved.some(isBuffer)).toBe(true);
    const before = tf.memory().numTensors;
    const third = personaliseStep(network, second.state, batch, createRandom(7));
    expect(tf.memory().numTensors).toBe(before);
    const image = tf.slice(batch.images, [0, 0, 0, 0], [1, -1, -1, -1]);
    const one = dpersonaLogits(network, third.state.parameters, image, createRandom(1), 20);
    const two = dpersonaLogits(network, third.state.parameters, image, createRandom(1), 20);
    expect(one.shape).toEqual([1, 12, 20, 3]);
    expectClose(two, one, 0);
    tf.dispose([image, one, two]);
    expect(tf.memory().numTensors).toBe(before);
    disposeTrained(third.state);
  });

  it('skips a step whose loss is not a number', () => {
    const state = fresh();
    const broken = {
      images: tf.fill([1, 16, 16, 3], Number.NaN) as tf.Tensor4D,
      masks: tf.zeros([1, 16, 16, 3]) as tf.Tensor4D,
    };
    const before = tf.memory().numTensors;
    const next = diversifyStep(model(), state, broken, createRandom(1));
    expect(next).toEqual({ state, loss: Number.NaN });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('has the gradient of finite differences in stage 1', () => {
    const network = model();
    const { parameters } = fresh();
    const batch = { images: images(), masks: masks() };
    const checked = [
      ['fcomb.layers.0.weight', 'reconstruction', 1e-2],
      ['prior.conv_layer.bias', 'divergence', 1e-3],
    ] as const;
    for (const [name, part, step] of checked) {
      const loss = (x: tf.Tensor) =>
        diversityLosses(network, { ...parameters, [name]: x }, batch, createRandom(9)).losses[part];
      expect(gradientError(loss, parameters[name]!, { probes: 4, step }), name).toBeLessThan(0.05);
    }
  });

  it('has the gradient of finite differences in its features', () => {
    const { features } = model();
    const { parameters } = fresh();
    const weights = tf.randomNormal([2, 12, 20, 16], 0, 1, 'float32', 8);
    for (const name of ['decoder.0.conv1.weight', 'decoder.2.conv2.weight']) {
      const loss = (x: tf.Tensor) => {
        const moved = { ...parameters, [name]: x };
        return tf.sum(tf.mul(weights, features.apply(moved, images(), { training: true }).features)) as tf.Scalar;
      };
      expect(gradientError(loss, parameters[name]!, { probes: 6, step: 5e-4 }), name).toBeLessThan(0.1);
    }
  });
});
