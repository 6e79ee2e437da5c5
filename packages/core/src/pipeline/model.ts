import * as tf from '@tensorflow/tfjs';
import {
  type AnnotatedImage,
  addPrefix,
  type Backbone,
  checkSpecificationVersion,
  type Episode,
  type FeatureMaps,
  type ParameterRecord,
  type PrototypeMethod,
  withPrefix,
} from '../contract/index.js';
import { joinParameters } from '../contract/join-parameters.js';
import { InputError, ShapeError } from '../errors.js';
import { createRandom, type Random } from '../random.js';
import type { RaterMasks } from './masks.js';
import { type Segmentation, segmentFeatures } from './segment.js';

/** Parameters of the backbone are saved under this prefix, as in the published checkpoints. */
export const encoderPrefix = 'encoder.';

/** A backbone and the method that reads its features. */
export interface Model {
  readonly backbone: Backbone;
  readonly method: PrototypeMethod;
}

/**
 * Fresh parameters of backbone, method and calibrator; the same seed gives the same values. The caller owns them.
 *
 * @throws ConfigError where two of them have a parameter of one name, and for a method of another version of the contract;
 * nothing is left behind then.
 */
export function initModel({ backbone, method }: Model, seed: number | string): ParameterRecord {
  checkSpecificationVersion(method);
  const random = createRandom(seed);
  const { channels, name } = backbone;
  const { calibrator } = method;
  return joinParameters([
    { name, init: () => addPrefix(backbone.init(random.fork('backbone')), encoderPrefix) },
    { name: method.name, init: () => method.init({ channels, random: random.fork('method') }) },
    ...(calibrator === undefined
      ? []
      : [{ name: calibrator.name, init: () => calibrator.init({ channels, random: random.fork('calibrator') }) }]),
  ]);
}

/** Whether a parameter of a model is a buffer, which no optimiser moves. */
export function isModelBuffer({ backbone }: Model, name: string): boolean {
  return name.startsWith(encoderPrefix) && backbone.isBuffer(name.slice(encoderPrefix.length));
}

/**
 * The masks of an episode's raters. -> masks [R, K, H, W] and the shots of each rater; the caller owns the tensor.
 *
 * @throws InputError without raters, and where a rater outlined no support image.
 * @throws ShapeError where a mask has another size than its image.
 */
export function episodeMasks({ raters, support }: Episode): RaterMasks {
  checkImages(support);
  if (raters.length === 0) throw new InputError('an episode needs at least one rater.');
  const shots = raters.map((rater) => {
    const own = support.flatMap(({ masks }, shot) => (masks[rater] === undefined ? [] : [shot]));
    if (own.length === 0) {
      throw new InputError('outlined no support image.', { rater, remedy: 'Give a mask or leave the rater out.' });
    }
    return own;
  });
  const masks = tf.tidy(() => {
    const ofRater = (rater: string) =>
      tf.stack(support.map(({ image, masks: own }) => own[rater] ?? tf.zeros([image.shape[0], image.shape[1]])));
    return tf.cast(tf.stack(raters.map(ofRater)), 'float32') as tf.Tensor4D;
  });
  return { masks, shots };
}

function checkImages(images: readonly AnnotatedImage[]): void {
  if (images.length === 0) throw new InputError('an episode needs at least one support image.');
  const [height, width] = images[0]!.image.shape;
  for (const { image, masks } of images) {
    if (image.shape[0] !== height || image.shape[1] !== width) {
      throw new ShapeError(
        `images of one episode must have one size, but [${image.shape}] follows [${height},${width},3].`,
      );
    }
    for (const [rater, mask] of Object.entries(masks)) {
      if (mask.shape[0] !== height || mask.shape[1] !== width) {
        throw new ShapeError(`a mask of ${mask.shape.join(' x ')} on an image of ${height} x ${width}.`, { rater });
      }
    }
  }
}

/** How an episode is segmented. */
export interface EpisodeOptions {
  /** Batch statistics, alignment and the method's own losses; off by default. */
  readonly training?: boolean;
  /** Keep the backbone's running statistics in training. */
  readonly freezeBackbone?: boolean;
  readonly random?: Random;
}

/**
 * Segments the query of an episode once for each rater. Support images and query pass the backbone as one batch, in
 * that order, as the published programs do.
 *
 * @returns the segmentation, and in training the backbone's new running statistics under their full names.
 */
export function segmentEpisode(
  { backbone, method }: Model,
  parameters: ParameterRecord,
  episode: Episode,
  options: EpisodeOptions = {},
): Segmentation & { readonly statistics: ParameterRecord } {
  const { training = false, freezeBackbone = false, random } = options;
  return tf.tidy(() => {
    checkImages([...episode.support, episode.query]);
    const masks = episodeMasks(episode);
    const images = tf.stack([...episode.support, episode.query].map(({ image }) => image)) as tf.Tensor4D;
    const { features, statistics } = backbone.apply(withPrefix(parameters, encoderPrefix), images, {
      training: training && !freezeBackbone,
    });
    const shots = episode.support.length;
    const truth = episode.raters.map((rater) => episode.query.masks[rater]);
    const segmentation = segmentFeatures({
      method,
      parameters,
      support: sliceFeatures(features, 0, shots),
      query: sliceFeatures(features, shots, 1),
      ...masks,
      names: episode.raters,
      training,
      ...(truth.every((mask) => mask !== undefined) ? { queryMasks: tf.stack(truth) as tf.Tensor3D } : {}),
      ...(random === undefined ? {} : { random }),
    });
    return { ...segmentation, statistics: addPrefix(statistics, encoderPrefix) } as never;
  });
}

/**
 * Images `start` to `start + count` of a batch of features; the caller owns the tensors.
 *
 * @param features maps [B, h, w, C] and, where there is one, the threshold [B, 1]
 * @param start the first image, from 0
 * @param count how many, at most B - start
 * @returns maps [count, h, w, C] and threshold [count, 1]
 */
export function sliceFeatures({ maps, threshold }: FeatureMaps, start: number, count: number): FeatureMaps {
  const sliced = maps.map((map) => tf.slice(map, [start, 0, 0, 0], [count, -1, -1, -1]));
  return threshold === undefined
    ? { maps: sliced }
    : { maps: sliced, threshold: tf.slice(threshold, [start, 0], [count, -1]) };
}
