import type { PublishedTraining } from '@fsmr/core';
import type { RptOptions } from './rpt.js';

const training: PublishedTraining = {
  steps: 40_000,
  batchSize: 1,
  learningRate: 1e-3,
  momentum: 0.9,
  weightDecay: 5e-4,
  decay: { factor: 0.98, every: 5000 },
  alignmentWeight: 1,
  seed: 2023,
};

const options = {
  regions: 100,
  iterations: 3,
  dropout: 0.1,
  lossWeights: { periphery: 0.1, mse: 0.1, query: 1 },
} as const satisfies RptOptions;

/**
 * The hyper-parameters of the published training scripts; both settings use the same. `publishedTraining.rpt` of
 * `@fsmr/training` has the same steps and decay.
 */
export const rptPresets = {
  setting1: { options, training },
  setting2: { options, training },
} as const satisfies Record<string, { options: RptOptions; training: PublishedTraining }>;
