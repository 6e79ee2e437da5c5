import { readFile } from 'node:fs/promises';
import { modelShapes, parseSafetensors, takeParameters } from '@fsmr/backbones';
import { isFsmrError, type Model, type ParameterRecord, WeightsError } from '@fsmr/core';
import type { Statistics } from '@fsmr/datasets';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { buildModel } from '../config/model.js';
import { configSchema, type RunConfig } from '../config/schema.js';
import { withPlace } from './place.js';

/** A trained model as `fsmr train` saves it: the file says itself what it is. */
export interface ModelFile {
  readonly model: Model;
  readonly modelConfig: RunConfig['model'];
  /** What CT images are normalised with; images of other kinds by themselves. */
  readonly statistics: Statistics | undefined;
  /** With JAPC raters are segmented jointly, without one by one. */
  readonly calibrated: boolean;
  /** The caller owns the tensors. */
  readonly parameters: ParameterRecord;
}

const statisticsSchema = z.object({ mean: z.number(), std: z.number() });

/**
 * Reads a model saved by `fsmr train`.
 *
 * @throws WeightsError where the file cannot be read, is no such model, or does not fit what it says it is.
 */
export async function readModelFile(file: string): Promise<ModelFile> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new WeightsError('cannot be read.', { file, cause, remedy: 'Check the path.' });
  });
  try {
    const { weights, metadata } = parseSafetensors(bytes);
    const text = metadata.get('model');
    if (metadata.get('format') !== 'fsmr-model-1' || text === undefined) {
      throw new WeightsError('does not say which model it belongs to.', {
        remedy: 'Use a file from the weights folder of an fsmr run.',
      });
    }
    const modelConfig = configSchema.shape.model.parse(JSON.parse(text));
    const calibrated = metadata.get('arm') === 'japc';
    const model = buildModel(modelConfig, calibrated);
    const statistics = metadata.get('statistics');
    return {
      model,
      modelConfig,
      calibrated,
      statistics: statistics === undefined ? undefined : statisticsSchema.parse(JSON.parse(statistics)),
      // Last, since nobody would free them after a fault.
      parameters: tf.tidy(() => takeParameters(modelShapes(model), weights) as never),
    };
  } catch (cause) {
    const remedy = 'Use a file from the weights folder of an fsmr run.';
    if (isFsmrError(cause)) throw withPlace(cause, { file, remedy });
    throw new WeightsError('is damaged or was made by another version.', { file, cause, remedy });
  }
}
