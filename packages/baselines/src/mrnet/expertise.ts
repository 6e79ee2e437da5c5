import { ConfigError, type Random } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** How much each of R raters counts; sums to 1. */
export type Expertise = readonly number[];

/** One rater alone. @throws ConfigError for a rater there is not. */
export function oneHotExpertise(raters: number, rater: number): Expertise {
  if (!Number.isInteger(rater) || rater < 0 || rater >= raters) {
    throw new ConfigError(`there are raters 0 to ${raters - 1}, not ${rater}.`);
  }
  return Array.from({ length: raters }, (_, index) => (index === rater ? 1 : 0));
}

/** All raters alike. */
export function uniformExpertise(raters: number): Expertise {
  return Array.from({ length: raters }, () => 1 / raters);
}

/** Whole numbers from 1 to 10, divided by their sum. */
export function randomExpertise(raters: number, random: Random): Expertise {
  const weights = Array.from({ length: raters }, () => random.integer(1, 10));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The three vectors an image is trained with (MRNet section 3.4): one rater, random weights, all alike. */
export interface ExpertiseDraw {
  readonly single: Expertise;
  readonly mixed: Expertise;
  readonly average: Expertise;
}

/** Draws the three vectors of one image. */
export function drawExpertise(raters: number, random: Random): ExpertiseDraw {
  return {
    single: oneHotExpertise(raters, random.integer(0, raters - 1)),
    mixed: randomExpertise(raters, random),
    average: uniformExpertise(raters),
  };
}

/**
 * The targets of some expertise, M_e = sum over r of e_r mask_r: the rater's own mask for a one-hot vector.
 *
 * @param masks [B, H, W, R, K], one map a rater and class
 * @param expertise [B, R]
 * @returns [B, H, W, K]
 */
export function softTargets(masks: tf.Tensor5D, expertise: tf.Tensor2D): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, raters] = expertise.shape;
    return tf.sum(tf.mul(masks, tf.reshape(expertise, [batch, 1, 1, raters, 1])), 3) as tf.Tensor4D;
  });
}
