import type { Encoder } from '@fsmr/backbones';
import type { ParameterRecord, Random } from '@fsmr/core';
import { type Blueprint, drawParameters } from '../network/blueprint.js';
import { combinerBlanks } from './combiner.js';
import { type FeatureNet, sharedFeatureNet } from './features.js';
import { gaussianBlanks } from './gaussian-encoder.js';
import { headBlanks } from './projection-heads.js';

/** D-Persona: a feature network, and everything that works on its features and on the latent space. */
export interface Dpersona {
  readonly raters: number;
  readonly features: FeatureNet;
  /** Zeros around the maps of projection heads: 1, or 3 as in the published program. */
  readonly headPadding: 1 | 3;
  /** Shapes of all parameters by name: the feature network's, `prior`, `posterior`, `fcomb`, `proj_heads`. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** @param encoder trained parameters of the feature network's encoder, copied; drawn where absent. */
  init(random: Random, encoder?: ParameterRecord): ParameterRecord;
}

/** What shapes D-Persona. */
export interface DpersonaOptions {
  readonly raters: number;
  readonly features: FeatureNet;
  /** 1 unless given. */
  readonly headPadding?: 1 | 3;
  /** Channels of images, 3 unless given. */
  readonly imageChannels?: number;
}

/**
 * D-Persona on any feature network with 16 channels at full size.
 *
 * @see Wu et al., Diversified and Personalized Multi-rater Medical Image Segmentation, CVPR 2024.
 */
export function dpersona({ raters, features, headPadding = 1, imageChannels = 3 }: DpersonaOptions): Dpersona {
  const blanks: Blueprint = {
    ...gaussianBlanks('prior', imageChannels),
    ...gaussianBlanks('posterior', imageChannels + raters),
    ...combinerBlanks(),
    ...headBlanks(raters),
  };
  const shapes = Object.entries(blanks).map(([name, { shape }]) => [name, shape] as const);
  return {
    raters,
    features,
    headPadding,
    shapes: { ...features.shapes, ...Object.fromEntries(shapes) },
    init: (random, encoder) => ({
      ...features.init(random.fork('features'), encoder),
      ...drawParameters(blanks, random),
    }),
  };
}

/** {@link dpersona} on an encoder of `@fsmr/backbones` (spec section 11.5). */
export function sharedDpersona(
  options: Omit<DpersonaOptions, 'features' | 'imageChannels'> & { readonly encoder: Encoder },
): Dpersona {
  const { encoder, ...rest } = options;
  return dpersona({ ...rest, features: sharedFeatureNet(encoder) });
}
