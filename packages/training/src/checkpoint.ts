import {
  encodeSafetensors,
  modelShapes,
  parseSafetensors,
  takeParameters,
  toWeights,
  type Weights,
} from '@fsmr/backbones';
import { type Model, type ParameterRecord, WeightsError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import type { TrainingState } from './state.js';

const format = 'fsmr-checkpoint-1';
const velocityPrefix = 'optimizer.velocity.';

/**
 * A training state as the bytes of one safetensors file: parameters under their own names, so that torch programs can
 * read them, velocities behind a prefix, the step in the metadata.
 *
 * @param identity says which run this belongs to; {@link decodeCheckpoint} refuses another.
 */
export function encodeCheckpoint({ step, parameters, velocity }: TrainingState, identity = ''): Uint8Array {
  const arrays: Weights = new Map([...toWeights(parameters), ...toWeights(velocity, velocityPrefix)]);
  return encodeSafetensors(arrays, { format, step: String(step), identity });
}

/**
 * The state a checkpoint holds; training goes on from it bit for bit. The caller owns its tensors.
 *
 * @throws WeightsError for a damaged file, the checkpoint of another run, or of another model.
 */
export function decodeCheckpoint(bytes: Uint8Array, model: Model, identity = ''): TrainingState {
  const { weights, metadata } = parseSafetensors(bytes);
  const step = Number(metadata.get('step'));
  if (metadata.get('format') !== format || !Number.isInteger(step) || step < 0) {
    throw new WeightsError('this safetensors file is no training checkpoint.', {
      remedy: 'Weights alone cannot resume a training.',
    });
  }
  if (metadata.get('identity') !== identity) {
    throw new WeightsError('the checkpoint belongs to another configuration.', {
      remedy: 'Resume with the configuration it was made with, or start in an empty folder.',
    });
  }
  const arrays = [...weights];
  const own: Weights = new Map(arrays.filter(([name]) => !name.startsWith(velocityPrefix)));
  const moving: Weights = new Map(arrays.filter(([name]) => name.startsWith(velocityPrefix)));
  return tf.tidy(() => {
    const shapes = modelShapes(model);
    const parameters = takeParameters(shapes, own);
    const moved = Object.fromEntries(Object.entries(shapes).filter(([name]) => moving.has(`${velocityPrefix}${name}`)));
    const velocity = takeParameters(moved, moving, { prefix: velocityPrefix });
    return { step, parameters, velocity } as never;
  }) as TrainingState;
}

/** The parameters of a state that a model has; a base model leaves a calibrator's out. No tensor is copied. */
export function parametersOf(model: Model, { parameters }: TrainingState): ParameterRecord {
  return Object.fromEntries(Object.keys(modelShapes(model)).map((name) => [name, parameters[name]!]));
}
