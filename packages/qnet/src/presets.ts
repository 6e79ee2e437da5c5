import type { PublishedTraining } from '@fsmr/core';
import type { QNetOptions } from './qnet.js';

const training: PublishedTraining = {
  steps: 30_000,
  batchSize: 1,
  learningRate: 1e-3,
  momentum: 0.9,
  weightDecay: 5e-4,
  decay: { factor: 0.98, every: 1000 },
  alignmentWeight: 1,
  seed: 2021,
};

/**
 * The hyper-parameters of the paper, steps and decay as its scripts have them. Setting 1 may see unlabelled slices of the
 * tested organs in training, setting 2 leaves them out; only the weights of the feature maps differ.
 *
 * `publishedTraining.qnet` of `@fsmr/training` differs on purpose: it is Q-Net as JAPC compares with it, 50,000 steps at
 * the program's default of 0.95 every 1000.
 */
export const qnetPresets = {
  setting1: { options: { alpha: [0.9, 0.1], iterations: 7 }, training },
  setting2: { options: { alpha: [0.6, 0.4], iterations: 7 }, training },
} as const satisfies Record<string, { options: QNetOptions; training: PublishedTraining }>;
