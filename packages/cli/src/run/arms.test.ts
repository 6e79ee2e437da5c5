import { initModel, isModelBuffer } from '@fsmr/core';
import { paceOf, publishedTraining } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { checkConfig } from '../config/load.js';
import { planOf, sharedPlan, trainingModel } from './arms.js';

const methods = ['alpnet', 'dspnet', 'qnet', 'rpt'] as const;

it.each(methods)('published groups hold every parameter of %s under JAPC, at the pace it says itself', (method) => {
  const config = checkConfig({ data: { kind: 'phantom' }, model: { method, channels: 8 } });
  const model = trainingModel(config);
  const parameters = initModel(model, 1);
  const trained = Object.keys(parameters).filter((name) => !isModelBuffer(model, name));
  const groups = publishedTraining.japc.constants.groups;
  const held = trained.filter((name) => paceOf(groups, model.method, name).group !== undefined);
  expect(held).toEqual(trained);
  expect(held.some((name) => paceOf(groups, model.method, name).group === 'japc-projections')).toBe(true);
  for (const name of trained) {
    const factor = model.method.learningRateScale(name);
    expect(paceOf(groups, model.method, name).learningRateFactor, name).toBe(factor);
  }
  tf.dispose(Object.values(parameters));
});

it('a plan has the decay and the groups of the configuration', () => {
  const training = {
    decay: { factor: 0.5, every: 7 },
    groups: [{ name: 'a', match: { prefix: '' }, learningRateFactor: 2 }],
  };
  const data = { kind: 'phantom' } as const;
  expect(planOf(checkConfig({ data, training }), 'japc', 3)).toMatchObject(training);
  const plain = planOf(checkConfig({ data }), 'base', 3);
  expect(plain).toMatchObject({ decay: { factor: 0.95, every: 1000 }, groups: undefined });
});

it('the second stage starts anew, as published, unless the configuration says otherwise', () => {
  const stages = (training = {}) => planOf(checkConfig({ data: { kind: 'phantom' }, training }), 'japc', 3).stages;
  expect(stages().map(({ restart }) => restart)).toEqual([true, true]);
  expect(stages({ restart: false }).map(({ restart }) => restart)).toEqual([true, false]);
});

it('the first stage is shared where the schedules of both arms agree on it', () => {
  const steps = (training: object) =>
    sharedPlan(checkConfig({ data: { kind: 'phantom' }, training }), 3)?.stages.map((stage) => stage.steps);
  expect(steps({ steps: 100 })).toEqual([50]);
  expect(steps({ steps: 2000 })).toEqual([1000]);
  expect(steps({ steps: 50_000 })).toEqual([25_000]);
  // At step 1000 of 1500 the budget of the stage has seen its last decay before its end, that of the base has not.
  expect(steps({ steps: 3000 })).toBeUndefined();
  expect(steps({ steps: 3000, restart: false })).toBeUndefined();
  expect(steps({ steps: 3000, decay: { factor: 0.95, every: 500 } })).toEqual([1500]);
  expect(steps({ steps: 3000, decay: { factor: 1, every: 1000 } })).toEqual([1500]);
});
