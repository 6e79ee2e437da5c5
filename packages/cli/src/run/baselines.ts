import type {
  DpersonaSegmenterOptions,
  LearningMemory,
  MrnetSegmenterOptions,
  SupervisedSegmenterOptions,
} from '@fsmr/baselines';
import { dpersonaSegmenter, mrnetSegmenter, supervisedSegmenter } from '@fsmr/baselines';
import { encoderPrefix, type ParameterRecord, withPrefix } from '@fsmr/core';
import type { Dataset, Statistics } from '@fsmr/datasets';
import { disposeState, type Segmenter } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { splitScans } from '../config/dataset.js';
import { buildBackbone, buildModel } from '../config/model.js';
import type { RunConfig } from '../config/schema.js';
import { startingState } from './starting-state.js';

/** The parameters a run's encoder starts with, under the encoder's own names; the caller owns them. */
export async function startingEncoder(config: RunConfig): Promise<ParameterRecord> {
  const state = await startingState(config, buildModel(config.model, false));
  const own = Object.entries(withPrefix(state.parameters, encoderPrefix));
  const kept = Object.fromEntries(own.map(([name, tensor]) => [name, tf.clone(tensor)]));
  disposeState(state);
  return kept;
}

/**
 * A network that is trained when it is evaluated, on the run's backbone.
 *
 * @param parameters of the encoder to start from; they stay the caller's
 * @param memory keeps what is learned
 */
export function trainedSegmenter(
  name: 'mrnet' | 'dpersona' | 'supervised',
  config: RunConfig,
  dataset: Dataset,
  parameters: ParameterRecord,
  statistics: Statistics | undefined,
  memory: LearningMemory,
): Segmenter {
  const { epochs, learningRate, augmentation, slices, mrnet, dpersona, supervised } = config.evaluation.baselines;
  const common = {
    name,
    encoder: buildBackbone(config.model),
    parameters,
    epochs,
    augmentation,
    ...(slices === undefined ? {} : { slices }),
    ...(learningRate === undefined ? {} : { learningRate }),
    ...(statistics === undefined ? {} : { statistics }),
    memory,
  };
  switch (name) {
    case 'mrnet':
      return mrnetSegmenter({ ...common, ...mrnet } as MrnetSegmenterOptions);
    case 'dpersona':
      return dpersonaSegmenter({ ...common, ...dpersona } as DpersonaSegmenterOptions);
    case 'supervised': {
      const scans = splitScans(dataset, config).training.map(({ id }) => id);
      return supervisedSegmenter({
        ...common,
        ...supervised,
        dataset,
        scans,
        seed: config.seed,
      } as SupervisedSegmenterOptions);
    }
  }
}
