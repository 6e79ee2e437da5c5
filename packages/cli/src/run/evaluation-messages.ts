import type { PackedError } from '@fsmr/core';
import type { EvaluationEpisode, Statistics } from '@fsmr/datasets';
import type { EpisodeRecords } from '@fsmr/training';
import type { RunConfig } from '../config/schema.js';
import type { FeatureCache } from './feature-cache.js';
import type { Learning } from './learning.js';
import type { Shard } from './shard.js';

/** What a worker is given once. */
export interface WorkerSetup {
  /** With its share of the threads. */
  readonly config: RunConfig;
  /** The run folder. */
  readonly out: string;
  /** What images are normalised with, as finding that may mean reading every training scan. */
  readonly statistics?: Statistics;
  readonly cache?: FeatureCache;
  /** A folder that gets every mask. */
  readonly predictions?: string;
  /** How arms learn that train in the evaluation. */
  readonly learning: Learning;
  /** The share it works on, where the evaluation is divided. */
  readonly shard?: Shard;
}

/** One arm's open episodes of one class of one support. */
export interface EvaluationTask {
  readonly arm: string;
  readonly episodes: readonly EvaluationEpisode[];
}

/** What a worker is told. */
export type ToWorker =
  | { readonly kind: 'setup'; readonly setup: WorkerSetup }
  | { readonly kind: 'task'; readonly task: EvaluationTask }
  | { readonly kind: 'stop' };

/** What a worker answers: `free` at first and after each task, `left` as its last word. */
export type FromWorker =
  | { readonly kind: 'free' | 'left' }
  | { readonly kind: 'episode'; readonly key: string; readonly result: EpisodeRecords }
  | { readonly kind: 'learning'; readonly text: string }
  | { readonly kind: 'failed'; readonly error: PackedError };
