import { expectClose, expectNoLeak, loadOracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../errors.js';
import { sgdStep, sgdSteps } from './sgd.js';

describe.skipIf(oracleCases('ops').length === 0).each(oracleCases('ops'))('SGD of oracle %s', (name) => {
  it('every step', () => {
    const oracle = loadOracle(name);
    const constants = oracle.constants.sgd as { momentum: number; weight_decay: number; lr_per_step: number[] };
    const weights = tf.unstack(oracle.tensor('sgd_w'));
    const gradients = tf.unstack(oracle.tensor('sgd_g'));
    let weight = weights[0]!;
    let velocity: tf.Tensor | undefined;
    gradients.forEach((gradient, step) => {
      ({ weight, velocity } = sgdStep(weight, gradient, velocity, {
        learningRate: constants.lr_per_step[step]!,
        momentum: constants.momentum,
        weightDecay: constants.weight_decay,
      }));
      expectClose(weight, weights[step + 1]!, 1e-6);
    });
  });
});

describe('sgdStep', () => {
  it('starts with the plain gradient, then gathers speed', () => {
    const options = { learningRate: 0.5, momentum: 0.5, weightDecay: 0 };
    const first = sgdStep(tf.tensor1d([1]), tf.tensor1d([2]), undefined, options);
    expect([first.weight.dataSync()[0], first.velocity.dataSync()[0]]).toEqual([0, 2]);
    const second = sgdStep(first.weight, tf.tensor1d([2]), first.velocity, options);
    expect([second.weight.dataSync()[0], second.velocity.dataSync()[0]]).toEqual([-1.5, 3]);
  });

  it('moves many parameters as one by one, some for the first time', () => {
    const options = { learningRate: 0.5, momentum: 0.5, weightDecay: 0.1 };
    const make = (size: number, seed: number) => tf.randomNormal([size], 0, 1, 'float32', seed);
    const parameters = [3, 5].map((size) => ({
      weight: make(size, 1),
      gradient: make(size, 2),
      velocity: size === 3 ? undefined : make(size, 3),
    }));
    const moved = sgdSteps(parameters, options);
    parameters.forEach(({ weight, gradient, velocity }, index) => {
      const alone = sgdStep(weight, gradient, velocity, options);
      expect(moved[index]!.weight.dataSync()).toEqual(alone.weight.dataSync());
      expect(moved[index]!.velocity.dataSync()).toEqual(alone.velocity.dataSync());
    });
    expect(sgdSteps([], options)).toEqual([]);
  });

  it('refuses other shapes', () => {
    const options = { learningRate: 0.5, momentum: 0.5, weightDecay: 0 };
    const [three, five] = [tf.ones([3]), tf.ones([5])];
    expect(() => sgdStep(three, five, undefined, options)).toThrow('the gradient of a weight [3] is [5].');
    expect(() => sgdStep(three, three, five, options)).toThrow(ShapeError);
  });

  it('frees what it allocates', () => {
    const x = tf.tensor1d([1, 2]);
    expectNoLeak(() => ({ ...sgdStep(x, x, undefined, { learningRate: 1, momentum: 0.9, weightDecay: 0 }) }));
    expectNoLeak(() => ({ ...sgdStep(x, x, x, { learningRate: 1, momentum: 0.9, weightDecay: 0.1 }) }));
  });
});
