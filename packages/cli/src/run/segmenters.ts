import { compileEncoder } from '@fsmr/backbones';
import { nearestStyleSegmenter } from '@fsmr/baselines';
import { encoderPrefix, isModelBuffer, type ParameterRecord, withPrefix } from '@fsmr/core';
import type { Dataset, Statistics } from '@fsmr/datasets';
import { createFeatureStore, fewShotSegmenter, type RaterMode, type Segmenter } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { backboneLayout, buildBackbone } from '../config/model.js';
import type { RunConfig } from '../config/schema.js';
import type { TrainedArm } from './arms.js';
import { startingEncoder, trainedSegmenter } from './baselines.js';
import { cachedEncode, encoderHash, type FeatureCache } from './feature-cache.js';
import type { RunFolder } from './folder.js';
import { learnedIn } from './learned.js';
import type { Learning } from './learning.js';
import { loadTrained, type TrainedModel } from './load-arm.js';
import type { Shard } from './shard.js';

/** The arms of a run, ready to be evaluated. */
export interface OpenSegmenters {
  /** In the order of the configuration. */
  readonly segmenters: readonly Segmenter[];
  /** How many numbers of each arm were trained; running statistics were not. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Frees models, encoders and features. */
  dispose(): void;
}

/** How arms are opened. */
export interface OpenOptions {
  /** Where features are kept for other processes. */
  readonly cache?: FeatureCache | undefined;
  /** How arms learn that train in the evaluation, from {@link learningOf}; none learns where it is left out. */
  readonly learning?: Learning;
  /** The share that is evaluated, where the evaluation is divided. */
  readonly shard?: Shard | undefined;
}

/** What each few-shot arm is made of. */
const fewShotArms: Readonly<Record<'base' | 'japc' | 'consensus', readonly [TrainedArm, RaterMode]>> = {
  base: ['base', 'per-rater'],
  japc: ['japc', 'joint'],
  consensus: ['base', 'consensus'],
};

/**
 * Opens every arm a configuration asks for. Arms of the same weights share encoder and features, and networks that are
 * trained on real masks share what they start from.
 *
 * @throws WeightsError where an arm is not trained, or its file is damaged or another model's.
 */
export async function openSegmenters(
  config: RunConfig,
  folder: RunFolder,
  dataset: Dataset,
  statistics: Statistics | undefined,
  { cache, learning, shard }: OpenOptions = {},
): Promise<OpenSegmenters> {
  const opened = new Map<TrainedArm, TrainedModel & Features>();
  const segmenters: Segmenter[] = [];
  let start: ParameterRecord | undefined;
  const dispose = (): void => {
    for (const segmenter of segmenters) segmenter.dispose();
    tf.dispose(Object.values(start ?? {}));
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
  const fewShot = async (name: string, [trained, mode]: readonly [TrainedArm, RaterMode]): Promise<Segmenter> => {
    const { features, ...loaded } = await open(trained);
    return fewShotSegmenter({ ...loaded, name, mode }, features);
  };
  const openOne = async (name: RunConfig['evaluation']['arms'][number]): Promise<Segmenter> => {
    switch (name) {
      case 'base':
      case 'japc':
      case 'consensus':
        return fewShot(name, fewShotArms[name]);
      case 'nearest-style':
        return nearestStyleSegmenter(await fewShot('consensus', fewShotArms.consensus), { name });
      case 'mrnet':
      case 'dpersona':
      case 'supervised': {
        const memory = learnedIn(config, folder, learning?.[name], shard);
        if (config.evaluation.baselines.start === 'base') {
          const { parameters } = await open('base');
          return trainedSegmenter(name, config, dataset, withPrefix(parameters, encoderPrefix), statistics, memory);
        }
        start ??= await startingEncoder(config);
        return trainedSegmenter(name, config, dataset, start, statistics, memory);
      }
    }
  };
  try {
    for (const name of config.evaluation.arms) segmenters.push(await openOne(name));
    const counted = config.evaluation.arms.filter((name) => name in fewShotArms) as (keyof typeof fewShotArms)[];
    const parameters = Object.fromEntries(
      counted.map((name) => [name, parameterCount(opened.get(fewShotArms[name][0])!)]),
    );
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
  const cached =
    cache === undefined ? encode : cachedEncode(encode, encoderHash(backboneLayout(model), own, cache.version), cache);
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
