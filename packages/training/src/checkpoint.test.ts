import { alpnet } from '@fsmr/alpnet';
import { encodeSafetensors, tinyEncoder, toWeights } from '@fsmr/backbones';
import { type Model, WeightsError } from '@fsmr/core';
import { japc } from '@fsmr/japc';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint, parametersOf } from './checkpoint.js';
import { disposeState, initialState, type TrainingState } from './state.js';

const backbone = tinyEncoder({ channels: 8, width: 2 });
const base: Model = { backbone, method: alpnet() };
const model: Model = { backbone, method: japc(alpnet()) };

function stateWithVelocity(): TrainingState {
  const state = initialState(model, 5);
  const [name] = Object.keys(state.parameters);
  return { ...state, step: 17, velocity: { [name!]: tf.onesLike(state.parameters[name!]!) } };
}

const values = (record: TrainingState['parameters']) =>
  Object.fromEntries(Object.entries(record).map(([name, tensor]) => [name, [...tensor.dataSync()]]));

describe('a checkpoint', () => {
  it('gives back step, parameters and velocities, and leaks nothing', () => {
    const before = tf.memory().numTensors;
    const state = stateWithVelocity();
    const read = decodeCheckpoint(encodeCheckpoint(state, 'run 1'), model, 'run 1');
    expect(read.step).toBe(17);
    expect(values(read.parameters)).toEqual(values(state.parameters));
    expect(values(read.velocity)).toEqual(values(state.velocity));
    disposeState(read);
    disposeState(state);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses another run, another model, bare weights and damage', () => {
    const state = stateWithVelocity();
    const bytes = encodeCheckpoint(state, 'run 1');
    const before = tf.memory().numTensors;
    const wider: Model = { ...model, backbone: tinyEncoder({ channels: 8, width: 4 }) };
    const bare = encodeSafetensors(toWeights(state.parameters), {});
    for (const [read, fault] of [
      [() => decodeCheckpoint(bytes, model, 'run 2'), 'another configuration'],
      [() => decodeCheckpoint(bytes, wider, 'run 1'), 'do not fit the model'],
      [() => decodeCheckpoint(bare, model), 'no training checkpoint'],
      [() => decodeCheckpoint(bytes.subarray(0, 900), model, 'run 1'), 'damaged'],
    ] as const) {
      expect(read).toThrow(WeightsError);
      expect(read).toThrow(fault);
    }
    expect(tf.memory().numTensors).toBe(before);
    disposeState(state);
  });

  it('yields the parameters of the base model without the calibrator’s', () => {
    const state = initialState(model, 5);
    const own = parametersOf(base, state);
    const left = Object.keys(state.parameters).filter((name) => !(name in own));
    expect(left.length).toBeGreaterThan(0);
    expect(left.every((name) => name.startsWith('cls_unit.proto_attention.'))).toBe(true);
    expect(Object.keys(own).every((name) => own[name] === state.parameters[name])).toBe(true);
    disposeState(state);
  });
});
