import * as tf from '@tensorflow/tfjs';
import { classMasks } from './class-masks.js';
import type { FeatureStore } from './features.js';
import { type Arm, predictMasks } from './predict.js';
import type { Segmenter } from './segmenter.js';

/**
 * A prototype method as a segmenter: learning keeps the masks of the support, and every query slice is matched with
 * the features of its part's support slice.
 *
 * The lesson's seed is not used, so that masks depend on images and outlines alone. A method that draws random numbers, as
 * RPT does for its first regions, begins every call with those that `segmentFeatures` has where it is given none.
 *
 * @param features of the arm's own encoder. Segmenters of one encoder may share a store, so it stays the caller's.
 */
export function fewShotSegmenter(arm: Arm, features: FeatureStore): Segmenter {
  return {
    name: arm.name,
    learn: async ({ scan, slices, raters, classId }) => {
      const masks = slices.map((slice) => classMasks(scan, slice, raters, classId));
      return {
        segment: (query, slice, part) =>
          predictMasks(arm, features.of(scan, slices[part]!), features.of(query, slice), masks[part]!),
        dispose: () => tf.dispose(masks),
      };
    },
    dispose: () => {},
  };
}
