import { sliceOf } from '@fsmr/datasets';
import type { Style } from '@fsmr/pseudo-labels';
import type { Lesson, Segmenter } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { type Example, majority, nearestStyles, styled, styleGrid } from './styles.js';

/** What styles there are. */
export interface NearestStyleOptions {
  /** The name results go by. */
  readonly name?: string;
  /** {@link styleGrid} unless given. */
  readonly styles?: readonly Style[];
}

/**
 * A control without any training of its own: a method that answers once for all raters, and for each rater the
 * simulated style that turns the support's consensus best into the rater's masks, applied to that answer. A method
 * which personalises should do better than this.
 *
 * @param consensus segments in one way for all raters, such as a few-shot method on the majority of the support's masks;
 * where its answers differ by rater their majority is taken. It is disposed with the segmenter.
 */
export function nearestStyleSegmenter(consensus: Segmenter, options: NearestStyleOptions = {}): Segmenter {
  const { name = `${consensus.name}+nearest style`, styles = styleGrid() } = options;
  return {
    name,
    learn: async (lesson) => {
      const chosen = nearestStyles(examplesOf(lesson), styles);
      const learned = await consensus.learn(lesson);
      return {
        segment: (query, slice, part) => {
          const answer = learned.segment(query, slice, part);
          const [raters, height, width] = answer.shape;
          const values = answer.dataSync();
          answer.dispose();
          const plane = height * width;
          const masks = Array.from({ length: raters }, (_, rater) =>
            Uint8Array.from(values.subarray(rater * plane, (rater + 1) * plane)),
          );
          const mask = { width, height, data: majority(masks) };
          const own = chosen.map(({ style }) => Float32Array.from(styled(mask, style).data));
          return tf.tidy(() => tf.stack(own.map((data) => tf.tensor2d(data, [height, width]))) as tf.Tensor3D);
        },
        dispose: () => learned.dispose(),
      };
    },
    dispose: () => consensus.dispose(),
  };
}

function examplesOf({ scan, slices, classId, raters }: Lesson): Example[] {
  return [...new Set(slices)].map((slice) => {
    const { width, height, masks } = sliceOf(scan, slice, classId, raters);
    return { consensus: { width, height, data: majority(masks) }, raters: masks };
  });
}
