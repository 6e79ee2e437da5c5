import { alpnet } from '@fsmr/alpnet';
import { tinyEncoder } from '@fsmr/backbones';
import { initModel, isModelBuffer, type Model } from '@fsmr/core';
import { startEngine } from '@fsmr/engine';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkGroups, groupRates, type ParameterGroup, paceOf } from './groups.js';
import { basePlan, twoStagePlan } from './plan.js';
import { publishedTraining } from './published.js';
import { disposeState, type TrainingState } from './state.js';
import { trainStep } from './step.js';

beforeAll(async () => {
  await startEngine({ threads: 1 });
});

const backbone = tinyEncoder({ channels: 8, width: 4 });
/** What DSPNet says of its one parameter. */
const dspnet = { learningRateScale: (name: string) => (name === 'cls_unit.cal' ? 1e-4 : 1) };
const japcGroups = publishedTraining.japc.constants.groups;

describe('parameter groups', () => {
  it.each([
    ['cls_unit.cal', 'prototype-unit', 1e-7],
    ['cls_unit.conv_fusion.weight', 'prototype-unit', 1e-7],
    ['cls_unit.proto_attention.q.weight', 'japc-projections', 1e-3],
    ['cls_unit.residual_mlp.0.weight', 'residual-mlp', 1e-3],
    ['encoder.backbone.layer1.0.conv1.weight', 'encoder', 1e-3],
  ])('give %s the pace of the published program', (name, group, rate) => {
    const pace = paceOf(japcGroups, alpnet(), name);
    expect(pace.group).toBe(group);
    expect(1e-3 * pace.learningRateFactor).toBeCloseTo(rate, 12);
    expect(pace.weightDecayFactor).toBe(1);
  });

  it('take the first that fits; what none holds keeps the pace of its method', () => {
    const groups: ParameterGroup[] = [
      { name: 'head', match: { prefix: 'encoder.', contains: 'localconv' }, learningRateFactor: 10 },
      { name: 'rest', match: { prefix: 'encoder.', without: ['bn'] }, learningRateFactor: 2, weightDecayFactor: 0 },
    ];
    const paces = ['encoder.localconv.weight', 'encoder.conv1.weight', 'encoder.bn1.weight', 'cls_unit.cal'];
    expect(paces.map((name) => paceOf(groups, dspnet, name))).toEqual([
      { group: 'head', learningRateFactor: 10, weightDecayFactor: 1 },
      { group: 'rest', learningRateFactor: 2, weightDecayFactor: 0 },
      { group: undefined, learningRateFactor: 1, weightDecayFactor: 1 },
      { group: undefined, learningRateFactor: 1e-4, weightDecayFactor: 1 },
    ]);
    expect(groupRates(groups, 0.5)).toEqual({ head: 5, rest: 1 });
  });

  it.each([
    [[{ name: 'a', match: {}, learningRateFactor: 1 }], 'neither prefix nor contains'],
    [[{ name: 'a', match: { prefix: '' }, learningRateFactor: -1 }], 'below 0'],
    [[1, 2].map(() => ({ name: 'a', match: { prefix: 'e' }, learningRateFactor: 1 })), 'two parameter groups'],
  ])('are refused where they make no sense: %j', (groups, fault) => {
    expect(() => checkGroups(groups)).toThrow(fault);
    expect(() => basePlan(10, { groups })).toThrow(fault);
  });
});

it('a step moves each group at its own pace: SGD by hand', () => {
  const model: Model = { backbone, method: alpnet({ protoGridSize: 2 }) };
  const groups: ParameterGroup[] = [
    { name: 'still', match: { contains: 'localconv' }, learningRateFactor: 0 },
    { name: 'double', match: { prefix: 'encoder.' }, learningRateFactor: 2, weightDecayFactor: 0 },
  ];
  const episode = tf.tidy(() => {
    const image = tf.randomNormal([64, 64, 3], 0, 1, 'float32', 3) as tf.Tensor3D;
    const mask = tf.pad(tf.ones([32, 32]), [
      [16, 16],
      [16, 16],
    ]) as tf.Tensor2D;
    return { image, mask };
  });
  const annotated = { image: episode.image, masks: { r0: episode.mask } };
  const inputs = { raters: ['r0'], support: [annotated], query: annotated };
  const fresh = (): TrainingState => ({ step: 0, parameters: initModel(model, 1), velocity: {} });
  const start = fresh();
  const values = ({ parameters }: TrainingState, name: string) => [...parameters[name]!.dataSync()];
  const changes = { learningRate: 0.01, weightDecay: 0 };
  const random = { fork: () => random } as never;
  const { state: plain } = trainStep(model, basePlan(2, changes), fresh(), inputs, random);
  const { state: grouped, report } = trainStep(model, basePlan(2, { ...changes, groups }), fresh(), inputs, random);
  expect(report.learningRates).toEqual({ still: 0, double: 0.02 });
  for (const name of Object.keys(start.parameters).filter((each) => !isModelBuffer(model, each))) {
    const factor = name.includes('localconv') ? 0 : 2;
    const [before, one, two] = [start, plain, grouped].map((state) => values(state, name));
    const worst = Math.max(...before!.map((w, i) => Math.abs(two![i]! - w - factor * (one![i]! - w))));
    expect(worst, name).toBeLessThan(1e-6);
  }
  for (const state of [start, plain, grouped]) disposeState(state);
  tf.dispose(episode);
});

it('a step tells paces of one rate and several decays apart, and frees the gradients it shortens', () => {
  const model: Model = { backbone, method: alpnet({ protoGridSize: 2 }) };
  const image = tf.randomNormal([64, 64, 3], 0, 1, 'float32', 3) as tf.Tensor3D;
  const mask = tf.tidy(() => tf.cast(tf.greater(tf.slice(image, [0, 0, 0], [64, 64, 1]).squeeze([2]), 0), 'float32'));
  const annotated = { image, masks: { r0: mask as tf.Tensor2D } };
  const inputs = { raters: ['r0'], support: [annotated], query: annotated };
  const random = { fork: () => random } as never;
  const moved = (groups: ParameterGroup[]) => {
    const plan = basePlan(2, { learningRate: 0.01, weightDecay: 10, clipNorm: 1e-6, groups });
    const start = { step: 0, parameters: initModel(model, 1), velocity: {} };
    const before = tf.memory().numTensors;
    const { state } = trainStep(model, plan, start, inputs, random);
    // What is new: one velocity for each parameter.
    expect(tf.memory().numTensors - before).toBe(Object.keys(state.velocity).length);
    const weights = Object.fromEntries(Object.entries(state.parameters).map(([name, w]) => [name, [...w.dataSync()]]));
    const order = Object.keys(state.velocity);
    disposeState(state);
    return { weights, order };
  };
  const all = moved([]);
  const some = moved([{ name: 'free', match: { contains: '.bn.' }, learningRateFactor: 1, weightDecayFactor: 0 }]);
  // A checkpoint lists velocities in this order, and must have the same bytes whatever the groups.
  expect(some.order).toEqual(all.order);
  const start = initModel(model, 1);
  for (const name of all.order) {
    const before = [...start[name]!.dataSync()];
    // The clipped gradient moves a weight by 1e-8 at most, so the decay is all there is.
    const shrunk = before.map((w) => w * (1 - 0.01 * 10));
    const worst = (values: readonly number[], wanted: readonly number[]) =>
      Math.max(...values.map((value, i) => Math.abs(value - wanted[i]!)));
    expect(worst(all.weights[name]!, shrunk), name).toBeLessThan(1e-6);
    expect(worst(some.weights[name]!, name.includes('.bn.') ? before : shrunk), name).toBeLessThan(1e-6);
  }
  tf.dispose([start, image, mask]);
});

it('plans of published settings follow their schedules', () => {
  const { steps, constants } = publishedTraining.rpt;
  expect(basePlan(steps, constants).decay).toEqual({ factor: 0.98, every: 5000 });
  expect(twoStagePlan(50_000, 3, publishedTraining.japc.constants).groups).toHaveLength(4);
});
