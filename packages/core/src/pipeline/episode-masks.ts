import * as tf from '@tensorflow/tfjs';
import type { Episode } from '../contract/index.js';
import { InputError } from '../errors.js';
import { checkEpisodeShapes } from './episode-images.js';
import type { RaterMasks } from './masks.js';

/**
 * The masks of an episode's raters. -> masks [R, K, H, W] float32 and the shots of each rater; the caller owns the tensor.
 *
 * @throws InputError without raters, for a rater who is listed twice, and where a rater outlined no support image.
 * @throws ShapeError where a mask has another rank or size than its image.
 */
export function episodeMasks({ raters, support }: Episode): RaterMasks {
  checkEpisodeShapes(support);
  if (raters.length === 0) throw new InputError('an episode needs at least one rater.');
  const twice = raters.find((rater, index) => raters.indexOf(rater) !== index);
  if (twice !== undefined) throw new InputError('is listed twice.', { rater: twice, remedy: 'Name each rater once.' });
  const shots = raters.map((rater) => {
    const own = support.flatMap(({ masks }, shot) => (masks[rater] === undefined ? [] : [shot]));
    if (own.length === 0) {
      throw new InputError('outlined no support image.', { rater, remedy: 'Give a mask or leave the rater out.' });
    }
    return own;
  });
  const masks = tf.tidy(() => {
    const [height, width] = support[0]!.image.shape;
    const ofRater = (rater: string): tf.Tensor =>
      stackMasks(support.map(({ masks: own }) => own[rater] ?? tf.zeros([height, width])));
    return tf.stack(raters.map(ofRater)) as tf.Tensor4D;
  });
  return { masks, shots };
}

/**
 * What the raters, of whom there is at least one, drew on the query, in their order.
 *
 * @returns [R, H, W] float32, which the caller owns; undefined where a rater did not outline it.
 */
export function queryTruth({ raters, query }: Pick<Episode, 'raters' | 'query'>): tf.Tensor3D | undefined {
  const drawn = raters.map((rater) => query.masks[rater]);
  return drawn.every((mask) => mask !== undefined) ? stackMasks(drawn) : undefined;
}

/** Masks may be boolean or integer, each in its own way; backends do not mix types. [H, W] each -> [n, H, W] float32 */
function stackMasks(masks: readonly tf.Tensor2D[]): tf.Tensor3D {
  return tf.tidy(() => tf.stack(masks.map((mask) => tf.cast(mask, 'float32'))) as tf.Tensor3D);
}
