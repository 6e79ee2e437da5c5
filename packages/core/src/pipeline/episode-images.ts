import * as tf from '@tensorflow/tfjs';
import type { AnnotatedImage, Episode } from '../contract/index.js';
import { InputError, ShapeError } from '../errors.js';
import { liesInMemory } from './mask-values.js';

/** An image of an episode, and what errors call it. */
interface Named extends AnnotatedImage {
  readonly name: string;
}

/**
 * Checks images and masks of an episode against each other, by shapes alone.
 *
 * @throws InputError without support image; ShapeError for an image that is not [H, W, 3] or differs in size from the
 * first, and for a mask that is not [H, W] of its image's size, which names the rater.
 */
export function checkEpisodeShapes(support: readonly AnnotatedImage[], query?: AnnotatedImage): void {
  if (support.length === 0) throw new InputError('an episode needs at least one support image.');
  const named = namedImages(support, query);
  for (const { image, name } of named) checkImageShape(image, name);
  const first = named[0]!.image;
  const [height, width] = first.shape;
  for (const { image, masks, name } of named) {
    if (image.shape[0] !== height || image.shape[1] !== width) {
      throw new ShapeError(
        `images of one episode must have one size, but ${name} is [${image.shape}] and ${named[0]!.name} [${first.shape}].`,
      );
    }
    for (const [rater, mask] of Object.entries(masks)) {
      if (mask.shape.join() === [height, width].join()) continue;
      throw new ShapeError(`a mask of ${mask.shape.join(' x ')} on an image of ${height} x ${width}.`, {
        rater,
        remedy: 'Give masks [H, W] as large as their image.',
      });
    }
  }
}

/**
 * The images of an episode as one batch, the support in its order and then the query.
 *
 * @returns [K + 1, H, W, 3] float32, which the caller owns.
 * @throws InputError for values that are not finite, which would give masks without any other sign. Not looked at on a
 * graphics card, which would have to stop for it.
 */
export function episodeImages({ support, query }: Pick<Episode, 'support' | 'query'>): tf.Tensor4D {
  if (liesInMemory()) for (const { image, name } of namedImages(support, query)) checkFinite(image, name);
  return tf.tidy(() => {
    const images = [...support, query].map(({ image }) => tf.cast(image, 'float32'));
    return tf.stack(images) as tf.Tensor4D;
  });
}

function namedImages(support: readonly AnnotatedImage[], query?: AnnotatedImage): Named[] {
  const named = support.map((image, shot) => ({ ...image, name: `support image ${shot}` }));
  return query === undefined ? named : [...named, { ...query, name: 'the query image' }];
}

function checkImageShape(image: tf.Tensor, name: string): void {
  const [, , channels] = image.shape;
  if (image.rank === 3 && channels === 3) return;
  const isGrey = image.rank === 3 && channels === 1;
  throw new ShapeError(`${name} is [${image.shape}], not [H, W, 3].`, {
    remedy: isGrey
      ? 'Repeat one grey channel three times: tf.tile(image, [1, 1, 3]).'
      : 'Give each image by itself, of three channels.',
  });
}

function checkFinite(image: tf.Tensor3D, name: string): void {
  const values = image.dataSync();
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i]!)) continue;
    throw new InputError(`${name} holds ${values[i]}.`, {
      remedy: 'Give finite values; 0 where nothing was measured.',
    });
  }
}
