import {
  ConfigError,
  createRandom,
  definePrototypeMethod,
  maskedAveragePool,
  type PrototypeMethod,
  type Random,
  type ScoreInputs,
  selectShots,
} from '@fsmr/core';
import {
  foregroundProbability,
  fuseProbabilities,
  probabilityAlignment,
  probabilityLogits,
  shotMeanPrototype,
  thresholdOf,
  unitFeatures,
} from '@fsmr/qnet';
import * as tf from '@tensorflow/tfjs';
import { auxiliaryLosses, type RptLossWeights } from './auxiliary.js';
import { biasAlleviatedBlock } from './bat.js';
import { type Dropout, noDropout, seededDropout } from './dropout.js';
import { type FirstRegionRule, firstRegionOf } from './first-region.js';
import { initParameters } from './parameters.js';
import { regionalPrototypes } from './regional-prototypes.js';

/** How RPT differs from its published form. */
export interface RptOptions {
  /** Regions a shot; 100 by default. */
  readonly regions?: number;
  /** Passes through the transformer block; 3 by default. */
  readonly iterations?: number;
  /** Rate of dropout in training, 0.1 by default and off at 0, or a dropout of your own. */
  readonly dropout?: number | Dropout;
  /** Who picks the first region's centre; `seeded` by default. */
  readonly firstRegion?: FirstRegionRule;
  /** Weights of the method's own losses; periphery 0.1, mse 0.1, query 1 by default. */
  readonly lossWeights?: Partial<RptLossWeights>;
}

/** What all raters of a pass share. */
export interface RptShared {
  /** The query's features at unit length [1, h, w, C]. */
  readonly unit: tf.Tensor4D;
  /** A stream of random numbers that is forked and never drawn from. */
  readonly noise: Random;
}

/**
 * RPT: few-shot segmentation via a region-enhanced prototypical transformer (Zhu, Wang, Xin and Zhang, 2023).
 *
 * The foreground's prototype is the mean of the whole; the means of its regions come along uncalibrated. A transformer
 * block turns the regions towards the query, a coarse query prototype after the other; their mean plus the whole's
 * prototype segments the query against the threshold the backbone predicts. The reverse pass of the alignment loss
 * compares with the whole's prototype alone. Reads the first feature map; needs features with a `threshold`.
 *
 * @throws ConfigError for options out of range, and in use where a `firstRegion` of your own picks no cell.
 */
export function rpt(options: RptOptions = {}): PrototypeMethod<RptShared> {
  const { regions = 100, iterations = 3, dropout = 0.1, firstRegion = 'seeded', lossWeights } = options;
  checkCount('regions', regions, 1);
  checkCount('iterations', iterations, 0);
  const weights: RptLossWeights = { periphery: 0.1, mse: 0.1, query: 1, ...lossWeights };
  const drop = typeof dropout === 'number' ? seededDropout(dropout) : dropout;
  return definePrototypeMethod<RptShared>({
    name: 'rpt',
    classes: ['foreground'],
    maskResolution: 'image',
    classWeights: [0.1, 1],
    alignment: probabilityAlignment,
    init: ({ channels, random }) => initParameters(channels[0]!, random),
    // Drawn once a pass, so that every rater meets the same noise and their order does not matter.
    share: ({ query, random }) => ({ unit: unitFeatures(query.maps[0]!), noise: createRandom(random.next()) }),
    extract: ({ support, mask, shots, direction, shared }) => {
      const features = selectShots(support.maps[0]!, shots);
      const whole = shotMeanPrototype(features, mask);
      if (direction === 'reverse') return { levels: [whole] };
      const pick = firstRegionOf(firstRegion, shared.noise);
      // A calibrator sees the whole alone. Among a hundred regions a rater it would drown, and they are no prototypes of
      // the class: their cells lie on the rim, or, for small masks, outside.
      return { levels: [whole], uncalibrated: [regionalPrototypes(features, mask, regions, pick)] };
    },
    score: (inputs) => [
      inputs.direction === 'reverse'
        ? foregroundProbability(inputs.shared.unit, inputs.prototypes.levels[0]!, thresholdOf(inputs.query, 'rpt'))
        : scoreRegions(inputs, iterations, drop),
    ],
    decode: ({ similarities, size }) =>
      tf.tidy(() => probabilityLogits(fuseProbabilities(similarities.foreground!, [1], size))),
    auxiliaryLosses: (inputs) => auxiliaryLosses(inputs, weights),
  });
}

function scoreRegions(inputs: ScoreInputs<RptShared>, iterations: number, drop: Dropout): tf.Tensor2D {
  const { parameters, query, prototypes, training, shared } = inputs;
  const features = query.maps[0]!;
  const threshold = thresholdOf(query, 'rpt');
  const context = {
    parameters,
    dropout: training ? drop : noDropout,
    random: shared.noise.fork('dropout'),
  };
  return tf.tidy(() => {
    const whole = prototypes.levels[0]!;
    let turned = prototypes.uncalibrated![0]!;
    let found = foregroundProbability(shared.unit, whole, threshold);
    for (let iteration = 0; iteration < iterations; iteration++) {
      const coarse = maskedAveragePool(features, tf.expandDims(found, 0) as tf.Tensor3D);
      turned = biasAlleviatedBlock(turned, coarse, context);
      const prototype = tf.add(tf.mean(turned, 0, true), whole) as tf.Tensor2D;
      found = foregroundProbability(shared.unit, prototype, threshold);
    }
    return found;
  });
}

function checkCount(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new ConfigError(`rpt: ${name} must be a whole number of at least ${least}, not ${value}.`);
  }
}
