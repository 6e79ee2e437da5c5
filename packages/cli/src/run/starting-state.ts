import { type Applied, asEncoderWeights, loadParameters, loadWeights, type Weights } from '@fsmr/backbones';
import { addPrefix, encoderPrefix, type Model, WeightsError } from '@fsmr/core';
import { initialState, type TrainingState } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { buildBackbone } from '../config/model.js';
import type { RunConfig } from '../config/schema.js';
import { withPlace } from './place.js';

/**
 * A fresh state, its backbone from a weights file where the configuration names one.
 *
 * @throws WeightsError where most of the backbone is not in the file: it then belongs to another network.
 */
export async function startingState(config: RunConfig, model: Model): Promise<TrainingState> {
  const { weights: file } = config.model;
  if (file === undefined) return initialState(model, config.seed);
  const weights = asEncoderWeights(await loadWeights(file), { file });
  // Published checkpoints and our own hold whole models; the backbone's names then start with `encoder.`.
  const prefix = [...weights.keys()].some((name) => name.startsWith(encoderPrefix)) ? encoderPrefix : '';
  const { parameters, missing } = readBackbone(config, weights, prefix, file);
  const names = Object.keys(parameters);
  if (2 * missing.length > names.length) {
    tf.dispose(Object.values(parameters));
    const held = [...weights.keys()].slice(0, 3).join(', ');
    const none = missing.length === names.length;
    throw new WeightsError(
      `lacks ${missing.length} of the ${names.length} arrays of ${config.model.backbone}${none ? `; it holds ${held}` : ''}.`,
      {
        file,
        remedy: none
          ? 'Set model.backbone to its network, or rename its arrays as the README of @fsmr/backbones shows.'
          : 'Set model.backbone to the network the file belongs to.',
      },
    );
  }
  if (missing.length > 0) {
    const shown = missing.slice(0, 3).join(', ');
    process.stderr.write(`${file} lacks ${missing.length} arrays, which start at random: ${shown}\n`);
  }
  // What the file lacks keeps the value of the run's own seed.
  const state = initialState(model, config.seed);
  const absent = new Set(missing);
  tf.dispose(names.map((name) => (absent.has(name) ? parameters[name]! : state.parameters[encoderPrefix + name]!)));
  const loaded = Object.entries(parameters).filter(([name]) => !absent.has(name));
  return {
    ...state,
    parameters: { ...state.parameters, ...addPrefix(Object.fromEntries(loaded), encoderPrefix) },
  };
}

function readBackbone(config: RunConfig, weights: Weights, prefix: string, file: string): Applied {
  try {
    return loadParameters(buildBackbone(config.model), weights, { strict: false, prefix });
  } catch (error) {
    throw withPlace(error, { file });
  }
}
