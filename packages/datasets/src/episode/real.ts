import { type Random, ShapeError } from '@fsmr/core';
import type { SampleEpisode, SliceSample } from '../types.js';
import { augmented, type EpisodeAugmentation } from './pseudo.js';

/** Two slices that the same raters outlined. */
export interface RealEpisodeInputs {
  readonly raters: readonly string[];
  /** Normalised, a mask a rater. */
  readonly support: SliceSample;
  readonly query: SliceSample;
  readonly random: Random;
  /** `sabs_aug` when absent. */
  readonly augmentation?: EpisodeAugmentation;
}

/**
 * One training episode from real labels: support and query from two scans, each under a transform of its own.
 * @throws ShapeError where sizes or numbers of masks differ.
 */
export function realEpisode({ raters, support, query, random, augmentation }: RealEpisodeInputs): SampleEpisode {
  if (support.height !== query.height || support.width !== query.width) {
    throw new ShapeError(
      `the support is ${support.height} x ${support.width}, the query ${query.height} x ${query.width}.`,
      { remedy: 'Bring both to one size first.' },
    );
  }
  for (const { masks } of [support, query]) {
    if (masks.length !== raters.length) {
      throw new ShapeError(`${raters.length} raters need as many masks, found ${masks.length}.`);
    }
  }
  const preset = augmentation ?? 'sabs_aug';
  return {
    raters,
    support: augmented(support, preset, random).sample,
    query: augmented(query, preset, random).sample,
  };
}
