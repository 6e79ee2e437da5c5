import { tinyEncoder } from '@fsmr/backbones';
import type { Model } from '@fsmr/core';
import { type Dataset, evaluationEpisodes, phantomDataset } from '@fsmr/datasets';
import { japc } from '@fsmr/japc';
import {
  type ArmSummary,
  createFeatureStore,
  type EpisodeRecords,
  encoderOf,
  evaluate,
  fewShotSegmenter,
  initialState,
  pseudoEpisodeSource,
  summarise,
  type TrainingState,
  train,
  twoStagePlan,
} from '@fsmr/training';
import { panet } from './panet.js';

/** How much of everything. */
export interface RunOptions {
  /** Training steps, both stages together. */
  readonly steps: number;
  readonly seed: number;
}

const raters = 3;
const scans = 6;
const size = 64;

/** Our method on a small encoder, each rater told apart by JAPC. Without the wrapper it is the plain method. */
const model: Model = {
  backbone: tinyEncoder({ channels: 32, width: 8 }),
  method: japc(panet()),
};

/** Trains on superpixels of the phantom, the first half plain, the second with simulated raters and JAPC. */
export function trainOnPhantom({ steps, seed }: RunOptions): Promise<TrainingState> {
  return train({
    model,
    plan: twoStagePlan(steps, raters, { learningRate: 0.01 }),
    state: initialState(model, seed),
    episodes: pseudoEpisodeSource(phantom('train')),
    seed,
  });
}

/** Segments phantoms never seen, outlined by raters of known style: Dice of each of them. */
export async function evaluateOnPhantom(state: TrainingState): Promise<ArmSummary> {
  const dataset = phantom('test');
  const features = createFeatureStore(encoderOf(model, state.parameters));
  const arm = { name: model.method.name, model, parameters: state.parameters, mode: 'joint' } as const;
  const results: EpisodeRecords[] = [];
  await evaluate({
    dataset,
    segmenters: [fewShotSegmenter(arm, features)],
    episodes: await evaluationEpisodes(dataset, { parts: 1 }),
    onEpisode: (_key, found) => {
      results.push(found);
    },
  });
  features.dispose();
  return summarise(results)[0]!;
}

function phantom(seed: string): Dataset {
  return phantomDataset({ seed, scans, size, raters, classes: 1 });
}
