import { compileEncoder } from '@fsmr/backbones';
import { encoderPrefix, isModelBuffer, withPrefix } from '@fsmr/core';
import type { Statistics } from '@fsmr/datasets';
import { createFeatureStore, fewShotSegmenter, type RaterMode, type Segmenter } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { buildBackbone } from '../config/model.js';
import type { RunConfig } from '../config/schema.js';
import type { TrainedArm } from './arms.js';
import { cachedEncode, encoderHash, type FeatureCache } from './feature-cache.js';
import type { RunFolder } from './folder.js';
import { loadTrained, type TrainedModel } from './load-arm.js';

/** The arms of a run, ready to be evaluated. */
export interface OpenSegmenters {
  /** In the order of the configuration. */
  readonly segmenters: readonly Segmenter[];
  /** How many numbers of each arm were trained; running statistics were not. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Frees models, encoders and features. */
  dispose(): void;
}

/** What each few-shot arm is made of. */
const fewShotArms: Readonly<Record<'base' | 'japc' | 'consensus', readonly [TrainedArm, RaterMode]>> = {
  base: ['base', 'per-rater'],
  japc: ['japc', 'joint'],
  consensus: ['base', 'consensus'],
};

/**
 * Opens every arm a configuration asks for. Arms of the same weights share encoder and features.
 *
 * @throws WeightsError where an arm is not trained, or its file is damaged or another model's.
 */
export async function openSegmenters(
  config: RunConfig,
  folder: RunFolder,
  statistics: Statistics | undefined,
  cache?: FeatureCache,
): Promise<OpenSegmenters> {
  const opened = new Map<TrainedArm, TrainedModel & Features>();
  const dispose = (): void => {
    for (const { features, parameters } of opened.values()) {
      features.dispose();
      tf.dispose(Object.values(parameters));
    }
  };
  const open = async (trained: TrainedArm): Promise<TrainedModel & Features> => {
    const known = opened.get(trained);
    if (known !== undefined) return known;
    const loaded = await loadTrained(config, folder, trained);
    const both = { ...loaded, features: openFeatures(config, loaded, statistics, cache) };
    opened.set(trained, both);
    return both;
  };
  try {
    const segmenters: Segmenter[] = [];
    const parameters: Record<string, number> = {};
    for (const name of config.evaluation.arms) {
      const [trained, mode] = fewShotArms[name];
      const { features, ...loaded } = await open(trained);
      segmenters.push(fewShotSegmenter({ ...loaded, name, mode }, features));
      parameters[name] = parameterCount(loaded);
    }
    return { segmenters, parameters, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

interface Features {
  readonly features: ReturnType<typeof createFeatureStore>;
}

function openFeatures(
  { model }: RunConfig,
  { parameters }: TrainedModel,
  statistics: Statistics | undefined,
  cache: FeatureCache | undefined,
): Features['features'] {
  const backbone = buildBackbone(model);
  const own = withPrefix(parameters, encoderPrefix);
  const { encode, dispose } = compileEncoder(backbone, own);
  const cached = cache === undefined ? encode : cachedEncode(encode, encoderHash(backbone.name, own), cache);
  const store = createFeatureStore(cached, statistics);
  return {
    of: store.of,
    dispose: () => {
      store.dispose();
      dispose();
    },
  };
}

function parameterCount({ model, parameters }: TrainedModel): number {
  return Object.entries(parameters).reduce((sum, [name, { size }]) => sum + (isModelBuffer(model, name) ? 0 : size), 0);
}
