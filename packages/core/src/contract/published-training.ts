/**
 * How a method's authors trained it, as plain data for a trainer of your own: the presets of the methods hold one each.
 * `publishedTraining` of `@fsmr/training` says it in the terms of its plans, with parameter groups; for Q-Net it follows
 * JAPC's comparison instead.
 */
export interface PublishedTraining {
  /** Optimiser steps in all. */
  readonly steps: number;
  /** Episodes a step. */
  readonly batchSize: number;
  readonly learningRate: number;
  readonly momentum: number;
  /** L2, added to the gradient. */
  readonly weightDecay: number;
  /** The learning rate is multiplied by `factor` after every `every` steps. */
  readonly decay: { readonly factor: number; readonly every: number };
  /** Of the alignment loss beside the query loss. */
  readonly alignmentWeight: number;
  readonly seed: number;
}
