import { ConfigError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { checkOperands, project } from './projection.js';

/** How scores become attention: over the keys of each row, or each score for itself. */
export type Sigma = 'softmax' | 'sigmoid';

/** What the joint operator works on: the prototypes of one class, those of all raters below each other. */
export interface JointAttentionInputs {
  /** P [N, D], rows in rater order. */
  readonly prototypes: tf.Tensor2D;
  /** Delta [N, D]: how each prototype differs from the consensus, see {@link deviations}. */
  readonly deviations: tf.Tensor2D;
  /** Wq [d, D] as torch stores a linear layer: Q = P Wq^T. */
  readonly queryWeight: tf.Tensor2D;
  /** Wk [d, D]: K = Delta Wk^T. */
  readonly keyWeight: tf.Tensor2D;
  /** [d]; the paper has none. */
  readonly queryBias?: tf.Tensor1D | undefined;
  /** [d]; the paper has none. */
  readonly keyBias?: tf.Tensor1D | undefined;
  /** `'softmax'` unless given. The paper writes a bare sigma and speaks of self-attention. */
  readonly sigma?: Sigma;
  /** Divides the scores, 1 unless given. */
  readonly temperature?: number;
  /** Divide each row of the attention by its sum; softmax rows sum to one anyway. Off unless given. */
  readonly normalizeRows?: boolean;
}

/** What the joint operator found; the caller owns the tensors. */
export interface JointAttention {
  /** P~ = A P [N, D]. */
  readonly calibrated: tf.Tensor2D;
  /** A [N, N]: row i says how much each prototype contributes to the calibrated prototype i. */
  readonly attention: tf.Tensor2D;
  /** Q K^T / (sqrt(d) temperature) [N, N]. */
  readonly scores: tf.Tensor2D;
}

/**
 * Joint attention over the prototypes of all raters: `Q = P Wq, K = Delta Wk, V = P, A = sigma(Q K^T / sqrt(d)),
 * P~ = A V`, where Delta is the deviation from the consensus and d the width of Q and K (JAPC, section 2.3).
 *
 * @throws ShapeError where the matrices do not fit together; ConfigError for another sigma.
 */
export function jointAttention(inputs: JointAttentionInputs): JointAttention {
  const { prototypes, deviations, queryWeight, keyWeight, queryBias, keyBias } = inputs;
  const { sigma = 'softmax', temperature = 1, normalizeRows = false } = inputs;
  checkOperands(inputs);
  if (sigma !== 'softmax' && sigma !== 'sigmoid') {
    throw new ConfigError(`sigma cannot be ${JSON.stringify(sigma)}.`, { remedy: "Choose 'softmax' or 'sigmoid'." });
  }
  return tf.tidy(() => {
    const queries = project(prototypes, queryWeight, queryBias);
    const keys = project(deviations, keyWeight, keyBias);
    const scale = 1 / (Math.sqrt(queryWeight.shape[0]) * temperature);
    const scores = tf.mul(tf.matMul(queries, keys, false, true), scale) as tf.Tensor2D;
    let attention: tf.Tensor2D = sigma === 'softmax' ? tf.softmax(scores) : tf.sigmoid(scores);
    if (normalizeRows && sigma === 'sigmoid') attention = tf.div(attention, tf.sum(attention, 1, true));
    const calibrated: tf.Tensor2D = tf.matMul(attention, prototypes);
    return { calibrated, attention, scores };
  });
}
