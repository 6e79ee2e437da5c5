import { definePrototypeMethod, initModel, type Model, WeightsError } from '@fsmr/core';
import { expectNoLeak } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { tinyEncoder } from '../tiny.js';
import { modelShapes, takeParameters } from './model-parameters.js';
import { toWeights } from './save.js';

const encoder = tinyEncoder({ channels: 3, width: 2 });
const method = definePrototypeMethod({
  name: 'one matrix',
  init: ({ random }) => ({ 'unit.q.weight': tf.fill([3, 2], random.normal()) }),
  extract: () => ({ levels: [] }),
  score: () => [],
});
const { specs: _, ...stranger } = encoder;
const models: [string, Model][] = [
  ['an encoder of this package', { backbone: encoder, method }],
  ['another backbone', { backbone: stranger, method }],
];

it.each(models)('knows names and shapes in the order of initModel: %s', (_name, model) => {
  const parameters = initModel(model, 1);
  expectNoLeak(() => {
    const shapes = modelShapes(model);
    expect(Object.keys(shapes)).toEqual(Object.keys(parameters));
    for (const [name, { shape }] of Object.entries(shapes)) expect(shape).toEqual(parameters[name]!.shape);
  });
});

it('takes what a file holds, and names what does not fit', () => {
  const model: Model = { backbone: encoder, method };
  const shapes = modelShapes(model);
  const parameters = initModel(model, 2);
  const weights = toWeights(parameters, 'saved.');
  expectNoLeak(() => ({ ...takeParameters(shapes, weights, { prefix: 'saved.' }) }));
  const taken = takeParameters(shapes, weights, { prefix: 'saved.' });
  for (const [name, tensor] of Object.entries(taken)) expect(tensor.dataSync()).toEqual(parameters[name]!.dataSync());
  expect(() => takeParameters(shapes, weights)).toThrow(WeightsError);
  expect(() => takeParameters(shapes, weights)).toThrow('the file has saved.encoder.backbone.0.conv.weight [2,3,3,3]');
});
