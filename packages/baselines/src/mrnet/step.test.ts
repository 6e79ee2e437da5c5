import { tinyEncoder } from '@fsmr/backbones';
import { createRandom, type ParameterRecord } from '@fsmr/core';
import { gradientError } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { disposeTrained, type Trained } from '../learning/adam.js';
import { useNativeBackend } from '../network/oracle.fixture.js';
import { binaryCrossEntropy } from './losses.js';
import { type ByNetwork, initMrnet, type Mrnet, sharedMrnet } from './model.js';
import { mrnetLogits, raterExpertise } from './predict.js';
import { mrnetStep } from './step.js';

useNativeBackend('mrnet-step');

const model = (): Mrnet =>
  sharedMrnet({
    encoder: tinyEncoder({ channels: 8, width: 4 }),
    raters: 3,
    reconstructionWidth: 4,
    refinementWidth: 4,
  });

const untrained = (network: Mrnet): ByNetwork<Trained> => {
  const { coarse, reconstruction, refinement } = initMrnet(network, createRandom(1));
  const fresh = (parameters: typeof coarse): Trained => ({ parameters, moments: {} });
  return { coarse: fresh(coarse), reconstruction: fresh(reconstruction), refinement: fresh(refinement) };
};

const batch = () => {
  const images = tf.randomNormal([2, 32, 32, 3], 0, 1, 'float32', 3) as tf.Tensor4D;
  const bright = tf.mean(images, 3, true);
  const masks = tf.stack(
    [-0.3, 0, 0.3].map((level) => tf.cast(tf.greater(bright, level), 'float32')),
    3,
  ) as tf.Tensor5D;
  return { images, masks };
};

/** Heads a hundred times their first values, so that finite differences stand out of rounding. */
const louder = (parameters: ParameterRecord): ParameterRecord =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, tensor]) => [
      name,
      /^pred\d*\.weight/.test(name) ? tf.mul(tensor, 100) : tensor,
    ]),
  );

function run(steps: number) {
  const network = model();
  let state = untrained(network);
  const data = batch();
  const reports = [];
  for (let step = 0; step < steps; step++) {
    const next = mrnetStep(network, state, data, createRandom(1), { learningRate: 0.003 });
    state = next.state;
    reports.push(next.report);
  }
  return { network, state, data, reports };
}

describe('a training step of MRNet', () => {
  it('lowers all three losses and depends on its seed alone', () => {
    const one = run(3);
    const two = run(2);
    expect(two.reports).toEqual(one.reports.slice(0, 2));
    const [first, last] = [one.reports[0]!, one.reports.at(-1)!];
    expect(last.coarse).toBeLessThan(first.coarse);
    expect(last.reconstruction).toBeLessThan(first.reconstruction);
    expect(last.refinement).toBeLessThan(first.refinement);
  });

  it('leaves as many tensors as it found, apart from what Adam begins to remember', () => {
    const network = model();
    let state = untrained(network);
    const data = batch();
    state = mrnetStep(network, state, data, createRandom(1)).state;
    const before = tf.memory().numTensors;
    state = mrnetStep(network, state, data, createRandom(2)).state;
    expect(tf.memory().numTensors).toBe(before);
    for (const trained of Object.values(state)) disposeTrained(trained);
  });

  it('keeps the state where a loss is not a number', () => {
    const network = model();
    const state = untrained(network);
    const data = batch();
    const images = tf.fill(data.images.shape, Number.NaN) as tf.Tensor4D;
    const before = tf.memory().numTensors;
    expect(() => mrnetStep(network, state, { ...data, images }, createRandom(1))).toThrow('losses are');
    expect(tf.memory().numTensors).toBe(before);
    expect(Object.values(state.coarse.parameters).every((tensor) => !tensor.isDisposed)).toBe(true);
  });

  it('has the gradient of finite differences', () => {
    const network = model();
    const { coarse, reconstruction } = initMrnet(network, createRandom(1));
    const { images, masks } = batch();
    const expertise = tf.tensor2d([
      [0.5, 0.2, 0.3],
      [0, 1, 0],
    ]);
    const target = tf.squeeze(tf.slice(masks, [0, 0, 0, 0, 0], [-1, -1, -1, 1, -1]), [3]);
    const training = { training: true };
    const gates = 'CONVLSTMcell.Gates.weight';
    const ofCoarse = (weight: tf.Tensor) =>
      binaryCrossEntropy(
        network.coarse.apply({ ...coarse, [gates]: weight }, { images, expertise }, training).outputs.logits,
        target,
      );
    expect(gradientError(ofCoarse, coarse[gates]!, { probes: 4 })).toBeLessThan(0.03);
    const logits = tf.randomNormal([2, 32, 32, 1], 0, 1, 'float32', 4) as tf.Tensor4D;
    const ofReconstruction = (weight: tf.Tensor) => {
      const parameters = { ...louder(reconstruction), 'last_conv.0.weight': weight };
      const inputs = { images, coarse: logits, expertise };
      return binaryCrossEntropy(network.reconstruction.apply(parameters, inputs, training).outputs.raters, masks);
    };
    const wide = { probes: 4, step: 2e-3 };
    expect(gradientError(ofReconstruction, reconstruction['last_conv.0.weight']!, wide)).toBeLessThan(0.05);
  });
});

describe('prediction with MRNet', () => {
  it('is one map a rater, of odd sizes too, and frees the rest', () => {
    const network = model();
    const parameters = initMrnet(network, createRandom(1));
    const image = tf.randomNormal([1, 37, 45, 3], 0, 1, 'float32', 3) as tf.Tensor4D;
    const before = tf.memory().numTensors;
    const logits = mrnetLogits(network, parameters, image, raterExpertise(3));
    expect(logits.shape).toEqual([3, 37, 45, 1]);
    logits.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
