import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { ConfigError } from '@fsmr/core';
import {
  createSetting,
  type Dataset,
  type PseudoSourceOptions,
  readClassMap,
  trainingStatistics,
} from '@fsmr/datasets';
import { type EpisodeLoader, pseudoEpisodeSource, startEpisodeLoader, type TrainingPlan } from '@fsmr/training';
import { classIds, splitScans } from '../config/dataset.js';
import type { RunConfig } from '../config/schema.js';
import { episodeScript } from '../episode-script.js';

/** What a loading thread is told. */
export interface LoadingTask {
  readonly config: RunConfig;
  readonly options: PseudoSourceOptions;
}

/** Scans and superpixels that all loading threads together keep, bytes. */
const memory = 512 * 2 ** 20;

/**
 * The training episodes of a run, made in as many threads as the configuration says: one unless the machine has a single
 * processor; 0 makes them in this thread, as does a package that runs from its sources, which threads cannot load. Weights
 * do not depend on it. The caller closes the loader.
 *
 * @param options from {@link sourceOptions}
 * @param start the first step
 */
export function trainingEpisodes(
  config: RunConfig,
  dataset: Dataset,
  options: PseudoSourceOptions,
  plan: TrainingPlan,
  start: number,
): EpisodeLoader {
  const loaders = config.engine.loaders ?? (availableParallelism() > 1 ? 1 : 0);
  if (loaders === 0 || !existsSync(episodeScript)) {
    return { episodes: pseudoEpisodeSource(dataset, { ...options, memory }), close: async () => {} };
  }
  const data: LoadingTask = { config, options: { ...options, memory: memory / loaders } };
  return startEpisodeLoader({ plan, seed: config.seed, start, loaders, script: episodeScript, data });
}

/** The smallest superpixel of what preparation cuts, pixels. */
const preparedArea = 400;

/**
 * How training episodes are drawn. Statistics of CT and the slices of Setting 2 read every training scan, so ask once.
 *
 * @throws ConfigError for a superpixel size that cannot apply.
 */
export async function sourceOptions(config: RunConfig, dataset: Dataset): Promise<PseudoSourceOptions> {
  const ids = splitScans(dataset, config).training.map(({ id }) => id);
  const { augmentation, exclude, superpixelArea } = config.training;
  if (dataset.superpixels !== undefined && superpixelArea !== preparedArea) {
    throw new ConfigError(`training.superpixelArea is ${superpixelArea}, but this set has superpixels of its own.`, {
      remedy: `Leave it away, or prepare the data with --no-superpixels.`,
    });
  }
  const statistics = await trainingStatistics(dataset, ids);
  // Setting 2 reads every rater's labels once, to know where the test classes are; they train nothing.
  const setting =
    exclude === undefined
      ? undefined
      : createSetting(dataset, { setting: 2, testClasses: classIds(dataset, exclude) }, await readClassMap(dataset));
  return {
    ids,
    augmentation,
    superpixels: { minimumSize: superpixelArea },
    ...(statistics === undefined ? {} : { statistics }),
    ...(setting === undefined ? {} : { setting }),
  };
}
