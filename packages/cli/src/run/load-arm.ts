import { loadWeights, modelShapes, takeParameters } from '@fsmr/backbones';
import { type Model, type ParameterRecord, WeightsError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { buildModel } from '../config/model.js';
import type { RunConfig } from '../config/schema.js';
import type { TrainedArm } from './arms.js';
import { exists } from './files.js';
import type { RunFolder } from './folder.js';
import { withPlace } from './place.js';

/** What was trained under one name. */
export interface TrainedModel {
  readonly model: Model;
  /** The caller owns the tensors. */
  readonly parameters: ParameterRecord;
}

/**
 * A model of a run with its trained weights.
 *
 * @throws WeightsError where it is not trained yet, or its file fits another model.
 */
export async function loadTrained(config: RunConfig, folder: RunFolder, trained: TrainedArm): Promise<TrainedModel> {
  const file = folder.weights(trained);
  if (!(await exists(file))) {
    throw new WeightsError(`arm ${trained} is not trained.`, {
      file,
      remedy: 'Run `fsmr train` with this configuration first.',
    });
  }
  const model = buildModel(config.model, trained === 'japc');
  const weights = await loadWeights(file);
  const parameters = tf.tidy(() => {
    try {
      return takeParameters(modelShapes(model), weights) as never;
    } catch (cause) {
      throw withPlace(cause, { file });
    }
  });
  return { model, parameters };
}
