import * as tf from '@tensorflow/tfjs';
import { checkOperands, project } from './projection.js';

/** What the published gate works on. */
export interface GateInputs {
  /** P [N, D]. */
  readonly prototypes: tf.Tensor2D;
  /** Delta [N, D]. */
  readonly deviations: tf.Tensor2D;
  /** `q.weight` [d, D]. */
  readonly queryWeight: tf.Tensor2D;
  /** `k.weight` [d, D]. */
  readonly keyWeight: tf.Tensor2D;
  /** `q.bias` [d]. */
  readonly queryBias?: tf.Tensor1D | undefined;
  /** `k.bias` [d]. */
  readonly keyBias?: tf.Tensor1D | undefined;
}

/**
 * What the published program computes in place of the joint attention of section 2.3: one positive scalar a prototype,
 * `a_i = sigmoid(<Wq P_i + bq, Wk Delta_i + bk> / sqrt(d))` and `P~_i = a_i P_i`. Prototypes do not meet, and a cosine
 * does not see the length of a prototype, so no prediction changes; only the calibration loss does.
 *
 * @returns calibrated [N, D] and gates [N] in (0, 1); the caller owns them.
 * @throws ShapeError where the matrices do not fit together.
 */
export function gate(inputs: GateInputs): { readonly calibrated: tf.Tensor2D; readonly gates: tf.Tensor1D } {
  const { prototypes, deviations, queryWeight, keyWeight, queryBias, keyBias } = inputs;
  checkOperands(inputs);
  return tf.tidy(() => {
    const queries = project(prototypes, queryWeight, queryBias);
    const keys = project(deviations, keyWeight, keyBias);
    const scores = tf.div(tf.sum(tf.mul(queries, keys), 1), Math.sqrt(queryWeight.shape[0]));
    const gates = tf.sigmoid(scores) as tf.Tensor1D;
    return { calibrated: tf.mul(prototypes, tf.expandDims(gates, 1)), gates };
  });
}
