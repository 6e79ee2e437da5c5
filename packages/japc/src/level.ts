import * as tf from '@tensorflow/tfjs';
import { calibrationLoss } from './calibration-loss.js';
import { consensusRows } from './deviation.js';
import type { Operator } from './operators.js';
import type { ResolvedOptions } from './options.js';
import { splitLengths } from './scale.js';

/** One class at one level. */
export interface LevelInputs {
  /** Prototypes of each rater [N_r, D]. */
  readonly raters: readonly tf.Tensor2D[];
  /** [N0, D] */
  readonly consensus: tf.Tensor2D;
  readonly operate: Operator;
  /** The scalar of the residual form [1]; undefined without one. */
  readonly gain: tf.Tensor | undefined;
  readonly options: ResolvedOptions;
}

/** The same after calibration. */
export interface CalibratedLevel {
  /** [N_r, D] each, as many rows as before. */
  readonly raters: readonly tf.Tensor2D[];
  /** [N, N]; diagonal where prototypes do not meet. */
  readonly attention: tf.Tensor2D;
  readonly loss: tf.Scalar;
}

/** Calibrates the prototypes of all raters jointly. Call it inside `tf.tidy`. */
export function calibrateLevel(inputs: LevelInputs): CalibratedLevel {
  const { raters, consensus, options } = inputs;
  const counts = raters.map((own) => own.shape[0]);
  const stacked = tf.concat([...raters], 0) as tf.Tensor2D;
  if (stacked.shape[0] === 0) return { raters, attention: tf.zeros([0, 0]), loss: tf.scalar(0) };
  const { directions: prototypes, lengths } = options.normalize
    ? splitLengths(stacked)
    : { directions: stacked, lengths: undefined };
  const reference = options.normalize && consensus.shape[0] > 0 ? splitLengths(consensus).directions : consensus;
  const { comparison, loss: reduction } = options;
  const references = consensusRows({ prototypes, counts, consensus: reference, comparison });
  const { mixed, attention } = inputs.operate(prototypes, references);
  const calibrated =
    inputs.gain === undefined
      ? mixed
      : (tf.add(prototypes, tf.mul(inputs.gain, tf.sub(mixed, prototypes))) as tf.Tensor2D);
  return {
    raters: splitRows(lengths === undefined ? calibrated : tf.mul(calibrated, lengths), counts),
    attention,
    loss: calibrationLoss({ prototypes, calibrated, raters: raters.length, reduction }),
  };
}

/** Gives each rater its rows back. */
function splitRows(stacked: tf.Tensor2D, counts: readonly number[]): tf.Tensor2D[] {
  let start = 0;
  return counts.map((count) => {
    const own = tf.slice(stacked, [start, 0], [count, -1]);
    start += count;
    return own;
  });
}
