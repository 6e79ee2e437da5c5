import type { Random } from '@fsmr/core';
import type { LabelImage } from '@fsmr/imaging';
import { applyStyles, pickPseudoLabel, type Style } from '@fsmr/pseudo-labels';
import { applyAugmentation } from '../augment/apply.js';
import {
  type Augmentation,
  type AugmentationName,
  type AugmentationPreset,
  sampleAugmentation,
} from '../augment/parameters.js';
import type { SampleEpisode, SliceSample } from '../types.js';
import { isEmpty } from './slice.js';

/** Ranges of the transforms, or none. */
export type EpisodeAugmentation = AugmentationName | AugmentationPreset | 'none';

/** A slice and what simulated raters make of it. */
export interface PseudoEpisodeInputs {
  /** The normalised slice; its masks are not looked at. */
  readonly slice: SliceSample;
  /** Superpixels of the slice as stored, of the same size; 0 is no superpixel. */
  readonly superpixels: LabelImage;
  /** A style a simulated rater, in the order of the masks. */
  readonly styles: readonly Style[];
  readonly random: Random;
  /** `sabs_aug` when absent. */
  readonly augmentation?: EpisodeAugmentation;
  /** Superpixels below this area in pixels are not taken; 1 when absent. */
  readonly minimumArea?: number;
  /** Blurred masks are cut at one half, not at the whole; see `applyStyle` of `@fsmr/pseudo-labels`. */
  readonly thresholdBlur?: boolean;
  /** How often a superpixel is drawn until no mask is empty; 10 when absent. */
  readonly tries?: number;
}

/** An episode made from a pseudo label, and everything drawn for it, as plain JSON. */
export interface PseudoEpisode extends SampleEpisode {
  readonly record: {
    readonly superpixel: number;
    readonly styles: readonly Style[];
    readonly support: Augmentation | undefined;
    readonly query: Augmentation | undefined;
  };
}

/**
 * One training episode from one slice, without any rater's mask (JAPC section 2.4, datasets section 8.9): a random
 * superpixel, one styled mask a simulated rater, then two independent transforms of image and masks: the first copy is
 * the support, the second the query. Styles come before the transform, so support and query show the same styles.
 *
 * Where a style or a transform leaves a mask empty, superpixel and transforms are drawn again, because such an episode
 * teaches nothing and its prototypes do not exist; the published program meets this in its forward pass and skips the
 * step.
 *
 * @returns undefined where no draw gave masks for all raters; take another slice or other styles.
 */
export function pseudoEpisode(inputs: PseudoEpisodeInputs): PseudoEpisode | undefined {
  const { slice, superpixels, styles, random, augmentation = 'sabs_aug', minimumArea = 1, tries = 10 } = inputs;
  for (let attempt = 0; attempt < tries; attempt++) {
    const target = pickPseudoLabel(superpixels, random, { minimumArea });
    if (target === undefined) return undefined;
    const masks = applyStyles(target.mask, styles, { thresholdBlur: inputs.thresholdBlur });
    const sample: SliceSample = { ...slice, masks: masks.map(({ data }) => data) };
    if (sample.masks.some(isEmpty)) continue;
    const support = augmented(sample, augmentation, random);
    const query = augmented(sample, augmentation, random);
    if (support.sample.masks.some(isEmpty) || query.sample.masks.some(isEmpty)) continue;
    return {
      raters: styles.map((_style, index) => `rater${index + 1}`),
      support: support.sample,
      query: query.sample,
      record: { superpixel: target.label, styles, support: support.parameters, query: query.parameters },
    };
  }
  return undefined;
}

/** A sample under a transform drawn now. */
export function augmented(
  sample: SliceSample,
  augmentation: EpisodeAugmentation,
  random: Random,
): { readonly sample: SliceSample; readonly parameters: Augmentation | undefined } {
  if (augmentation === 'none') return { sample, parameters: undefined };
  const parameters = sampleAugmentation(random, augmentation);
  return { sample: applyAugmentation(sample, parameters), parameters };
}
