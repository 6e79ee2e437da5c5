import {
  type AlignmentRule,
  ConfigError,
  definePrototypeMethod,
  type FeatureMaps,
  type PrototypeMethod,
  ShapeError,
  selectShots,
} from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { fuseProbabilities, probabilityLogits } from './decode.js';
import { foregroundProbability, thresholdOf, unitFeatures } from './probability.js';
import { shotMeanPrototype } from './prototype.js';
import { type QueryStatistics, queryStatistics } from './query-statistics.js';
import { refinePrototype } from './refine.js';

/** How Q-Net differs from its published form. */
export interface QNetOptions {
  /** Weight of each feature map in the prediction, finest first; [0.9, 0.1] by default. As many maps are used. */
  readonly alpha?: readonly number[];
  /** Steps of prototype refinement at test time; 7 by default, 0 turns it off. */
  readonly iterations?: number;
}

/** Hard masks and losses on the upsampled image; nothing to align where no foreground was predicted. */
export const probabilityAlignment: AlignmentRule = { predictedMask: 'image', targets: 'image', skipEmpty: true };

/** What all raters share of the query. */
export interface QNetShared {
  /** Features of unit length, one map a level. */
  readonly unit: readonly tf.Tensor4D[];
  /** One a level where prototypes will be refined, else none. */
  readonly statistics: readonly QueryStatistics[];
}

/**
 * Q-Net: a query-informed few-shot segmentation network (Shen, Li, Jin and Liu, 2022).
 *
 * One foreground prototype a feature map and none for the background: a position is foreground where its cosine to the
 * prototype beats a threshold that the backbone predicts for the query. The feature maps vote with the weights alpha.
 * At test time each prototype is refined on the query. Needs features with a `threshold`; has no parameters.
 *
 * @throws ConfigError for options out of range.
 */
export function qnet({ alpha = [0.9, 0.1], iterations = 7 }: QNetOptions = {}): PrototypeMethod<QNetShared> {
  checkOptions(alpha, iterations);
  const mapsOf = (features: FeatureMaps): readonly tf.Tensor4D[] => {
    if (features.maps.length < alpha.length) {
      throw new ShapeError(`qnet: ${features.maps.length} feature maps, but ${alpha.length} weights alpha.`, {
        remedy: 'Give one weight a map, as in qnet({ alpha: [1] }).',
      });
    }
    return features.maps.slice(0, alpha.length);
  };
  return definePrototypeMethod<QNetShared>({
    name: 'qnet',
    classes: ['foreground'],
    maskResolution: 'image',
    classWeights: [0.1, 1],
    alignment: probabilityAlignment,
    share: ({ query, training }) => {
      const unit = mapsOf(query).map(unitFeatures);
      const refined = !training && iterations > 0;
      return { unit, statistics: refined ? unit.map((map, n) => queryStatistics(query.maps[n]!, map)) : [] };
    },
    extract: ({ support, mask, shots }) => ({
      levels: mapsOf(support).map((map) => shotMeanPrototype(selectShots(map, shots), mask)),
    }),
    score: ({ query, prototypes, shared }) =>
      shared.unit.map((unit, level) =>
        foregroundProbability(unit, prototypes.levels[level]!, thresholdOf(query, 'qnet')),
      ),
    decode: ({ similarities, size }) =>
      tf.tidy(() => probabilityLogits(fuseProbabilities(similarities.foreground!, alpha, size))),
    ...(iterations === 0
      ? {}
      : {
          refine: ({ query, prototypes, shared }) => ({
            levels: shared.statistics.map((statistics, level) =>
              refinePrototype({
                query: statistics,
                prototype: prototypes.levels[level]!,
                threshold: thresholdOf(query, 'qnet'),
                iterations,
              }),
            ),
          }),
        }),
  });
}

function checkOptions(alpha: readonly number[], iterations: number): void {
  if (alpha.length === 0 || alpha.some((weight) => !(weight >= 0)) || alpha.every((weight) => weight === 0)) {
    throw new ConfigError(`qnet: alpha must hold weights of at least 0, one of them positive, not [${alpha}].`);
  }
  if (!Number.isInteger(iterations) || iterations < 0) {
    throw new ConfigError(`qnet: iterations must be a whole number of at least 0, not ${iterations}.`);
  }
}
