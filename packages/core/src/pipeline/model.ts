import * as tf from '@tensorflow/tfjs';
import {
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
import { createRandom, type Random } from '../random.js';
import { checkEpisodeShapes, episodeImages } from './episode-images.js';
import { episodeMasks, queryTruth } from './episode-masks.js';
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
 * that order, as the published programs do. Images and masks may be integers, masks boolean too.
 *
 * @returns the segmentation, and in training the backbone's new running statistics under their full names; the caller owns
 * every tensor.
 * @throws ShapeError for images that are not [H, W, 3] of one size, and masks that are not [H, W] of that size; InputError
 * for images that are not finite, masks outside [0, 1], raters who are listed twice or outlined no support image;
 * ConfigError for a method of another version of the contract.
 */
export function segmentEpisode(
  { backbone, method }: Model,
  parameters: ParameterRecord,
  episode: Episode,
  options: EpisodeOptions = {},
): Segmentation & { readonly statistics: ParameterRecord } {
  const { training = false, freezeBackbone = false, random } = options;
  return tf.tidy(() => {
    checkEpisodeShapes(episode.support, episode.query);
    const masks = episodeMasks(episode);
    const images = episodeImages(episode);
    const { features, statistics } = backbone.apply(withPrefix(parameters, encoderPrefix), images, {
      training: training && !freezeBackbone,
    });
    const shots = episode.support.length;
    const truth = queryTruth(episode);
    const segmentation = segmentFeatures({
      method,
      parameters,
      support: sliceFeatures(features, 0, shots),
      query: sliceFeatures(features, shots, 1),
      ...masks,
      names: episode.raters,
      training,
      ...(truth === undefined ? {} : { queryMasks: truth }),
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
