import type { Random } from '@fsmr/core';

/** Ranges a transform is drawn from. */
export interface AugmentationPreset {
  /** Degrees to either side. */
  readonly rotation: number;
  /** Pixels to either side, along x and y. */
  readonly shift: number;
  /** Degrees to either side. */
  readonly shear: number;
  readonly zoom: readonly [low: number, high: number];
  /** Elastic displacement: strength in pixels before blurring, and the blur's sigma in pixels. */
  readonly elastic: { readonly alpha: number; readonly sigma: number };
  readonly gamma: readonly [low: number, high: number];
}

/** The published ranges (datasets section 8.8): `sabs_aug` is used everywhere, `aug_v3` is the stronger one. */
export const augmentationPresets = {
  sabs_aug: {
    rotation: 5,
    shift: 5,
    shear: 5,
    zoom: [0.9, 1.2],
    elastic: { alpha: 10, sigma: 5 },
    gamma: [0.5, 1.5],
  },
  aug_v3: {
    rotation: 30,
    shift: 30,
    shear: 30,
    zoom: [0.8, 1.3],
    elastic: { alpha: 20, sigma: 5 },
    gamma: [0.2, 1.8],
  },
} as const satisfies Record<string, AugmentationPreset>;

/** The name of a published preset. */
export type AugmentationName = keyof typeof augmentationPresets;

/** One transform as plain JSON: drawn once, applied to any slice. */
export interface Augmentation {
  /** Degrees. */
  readonly rotation: number;
  /** Pixels along x and y. */
  readonly shift: readonly [x: number, y: number];
  /** Degrees. */
  readonly shear: number;
  readonly zoom: number;
  /** The displacement is noise made from `seed`. */
  readonly elastic: { readonly alpha: number; readonly sigma: number; readonly seed: number };
  /** Exponent of the image's grey values. */
  readonly gamma: number;
}

/** Draws one transform, in the order of the published program: rotation, shift, shear, zoom, displacement, gamma. */
export function sampleAugmentation(
  random: Random,
  preset: AugmentationName | AugmentationPreset = 'sabs_aug',
): Augmentation {
  const ranges: AugmentationPreset = typeof preset === 'string' ? augmentationPresets[preset] : preset;
  const around = (most: number): number => random.uniform(-most, most);
  return {
    rotation: around(ranges.rotation),
    shift: [around(ranges.shift), around(ranges.shift)],
    shear: around(ranges.shear),
    zoom: random.uniform(...ranges.zoom),
    elastic: { ...ranges.elastic, seed: random.integer(0, 0x7fffffff) },
    gamma: random.uniform(...ranges.gamma),
  };
}
