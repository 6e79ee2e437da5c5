import { loadWeights, modelShapes, takeParameters } from '@fsmr/backbones';
import { WeightsError } from '@fsmr/core';
import type { Arm } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { buildModel } from '../config/model.js';
import type { RunConfig } from '../config/schema.js';
import type { TrainedArm } from './arms.js';
import { exists } from './files.js';
import type { RunFolder } from './folder.js';
import { withPlace } from './place.js';

/** The name of an arm in tables. */
export type ArmName = RunConfig['evaluation']['arms'][number];

/**
 * An arm of a run with its trained weights; the caller owns the parameters.
 *
 * @throws WeightsError where the arm is not trained yet, or its file fits another model.
 */
export async function loadArm(
  config: RunConfig,
  folder: RunFolder,
  name: ArmName,
): Promise<{ arm: Arm; weights: string }> {
  const trained: TrainedArm = name === 'japc' ? 'japc' : 'base';
  const file = folder.weights(trained);
  if (!(await exists(file))) {
    throw new WeightsError(`arm ${name} is not trained.`, {
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
  const mode = name === 'japc' ? 'joint' : name === 'consensus' ? 'consensus' : 'per-rater';
  return { arm: { name, model, parameters, mode }, weights: trained };
}
