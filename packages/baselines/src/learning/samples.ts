import type { Random } from '@fsmr/core';
import {
  type AugmentationName,
  type AugmentationPreset,
  applyAugmentation,
  isEmpty,
  normalise,
  type SliceSample,
  sampleAugmentation,
  sliceOf,
} from '@fsmr/datasets';
import type { Lesson } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import type { TrainedSegmenterOptions } from './options.js';

/** Ranges of the transforms training slices are put through, or none. */
export type TrainingAugmentation = AugmentationName | AugmentationPreset | 'none';

/**
 * The slices of a lesson's support with a mask a rater, normalised: those that are taught, of which one that stands for
 * several parts comes once, or all on which one of the raters drew the class.
 */
export function supportSamples(
  { scan, slices, classId, raters }: Lesson,
  { slices: which = 'support', statistics }: Pick<TrainedSegmenterOptions, 'slices' | 'statistics'>,
): SliceSample[] {
  const normalised = normalise(scan, statistics);
  if (which === 'support') return [...new Set(slices)].map((slice) => sliceOf(normalised, slice, classId, raters));
  return shownSamples(normalised, classId, raters);
}

/** All slices of a normalised scan on which one of the raters drew the class. */
export function shownSamples(
  scan: Parameters<typeof sliceOf>[0],
  classId: number,
  raters: readonly string[],
): SliceSample[] {
  const all = Array.from({ length: scan.size[0] }, (_, slice) => sliceOf(scan, slice, classId, raters));
  return all.filter(({ masks }) => !masks.every(isEmpty));
}

/** Slices of one size as tensors. */
export interface SliceBatch {
  /** [B, H, W, 3] */
  readonly images: tf.Tensor4D;
  /** [B, H, W, R], 0 or 1 */
  readonly masks: tf.Tensor4D;
}

/** A batch, each slice under a transform of its own that image and masks share. The caller owns the tensors. */
export function sliceBatch(
  samples: readonly SliceSample[],
  augmentation: TrainingAugmentation,
  random: Random,
): SliceBatch {
  const moved = samples.map((sample) =>
    augmentation === 'none' ? sample : applyAugmentation(sample, sampleAugmentation(random, augmentation)),
  );
  return tf.tidy(() => {
    const images = moved.map(({ image, height, width }) =>
      tf.tile(tf.tensor3d(Float32Array.from(image), [height, width, 1]), [1, 1, 3]),
    );
    const masks = moved.map(({ masks: own, height, width }) =>
      tf.stack(
        own.map((mask) => tf.tensor2d(Float32Array.from(mask), [height, width])),
        2,
      ),
    );
    return { images: tf.stack(images), masks: tf.stack(masks) } as never;
  });
}

/** Samples in random order, cut into batches. */
export function batchesOf<Sample>(samples: readonly Sample[], size: number, random: Random): Sample[][] {
  const shuffled = random.shuffle(samples);
  return Array.from({ length: Math.ceil(shuffled.length / size) }, (_, i) => shuffled.slice(i * size, (i + 1) * size));
}
