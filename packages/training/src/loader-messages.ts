import type { PackedError, RandomState } from '@fsmr/core';
import type { SampleEpisode } from '@fsmr/datasets';
import type { Stage } from './plan.js';

/** What a loading thread is asked for: an episode request as plain data. */
export interface LoaderRequest {
  readonly step: number;
  readonly stage: Stage;
  readonly random: RandomState;
}

/** What it answers. */
export type LoaderAnswer =
  | { readonly step: number; readonly sample: SampleEpisode }
  | { readonly step: number; readonly error: PackedError };
