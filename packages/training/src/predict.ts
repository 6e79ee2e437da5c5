import {
  allShots,
  ConfigError,
  type FeatureMaps,
  hardForeground,
  type Model,
  type ParameterRecord,
  type Random,
  segmentFeatures,
} from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/**
 * How the masks of several raters are used.
 *
 * `joint`: all at once, each rater gets an answer (what JAPC is for). `per-rater`: one independent run a rater, the
 * naive extension of a single-rater method. `consensus`: one run with the pixels that more than half of the raters
 * marked; every rater gets the same answer.
 */
export type RaterMode = 'joint' | 'per-rater' | 'consensus';

/** A trained model, the way it treats raters, and the name its results go by. */
export interface Arm {
  readonly name: string;
  readonly model: Model;
  readonly parameters: ParameterRecord;
  readonly mode: RaterMode;
}

/**
 * Hard masks of one query, one a rater.
 *
 * @param support features of the support slice [1, h, w, C]
 * @param query features of the query slice [1, h, w, C]
 * @param masks what the raters drew on the support slice [R, 1, H, W], 0 or 1
 * @param random for methods that draw random numbers; a fixed seed when absent
 * @returns [R, H, W], 0 or 1; the caller owns it.
 * @throws ConfigError for another mode of the arm.
 */
export function predictMasks(
  arm: Arm,
  support: FeatureMaps,
  query: FeatureMaps,
  masks: tf.Tensor4D,
  random?: Random,
): tf.Tensor3D {
  const { method } = arm.model;
  if (!['joint', 'per-rater', 'consensus'].includes(arm.mode)) {
    throw new ConfigError(`arm ${arm.name} cannot treat raters as ${JSON.stringify(arm.mode)}.`, {
      remedy: 'Choose joint, per-rater or consensus.',
    });
  }
  const once = (own: tf.Tensor4D): tf.Tensor3D => {
    const { logits } = segmentFeatures({
      method,
      parameters: arm.parameters,
      support,
      query,
      masks: own,
      shots: allShots(own.shape[0], 1),
      ...(random === undefined ? {} : { random }),
    });
    return hardForeground(logits);
  };
  return tf.tidy(() => {
    const raters = masks.shape[0];
    if (arm.mode === 'joint') return once(masks);
    if (arm.mode === 'per-rater') {
      return tf.concat(tf.split(masks, raters).map((own) => once(own as tf.Tensor4D))) as tf.Tensor3D;
    }
    const majority = tf.cast(tf.greater(tf.mean(masks, 0, true), 0.5), 'float32') as tf.Tensor4D;
    return tf.tile(once(majority), [raters, 1, 1]);
  });
}
