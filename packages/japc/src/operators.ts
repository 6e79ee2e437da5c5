import type { ClassName, ParameterRecord } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { jointAttention } from './attention.js';
import { gate } from './gate.js';
import type { ResolvedOptions } from './options.js';
import { findProjections } from './parameters.js';
import { findResidualMlp, residualMlp } from './residual-mlp.js';

/** Prototypes as an operator leaves them, before any residual form. */
export interface Mixed {
  /** [N, D] */
  readonly mixed: tf.Tensor2D;
  /** Who attended to whom [N, N]: diagonal where prototypes do not meet. */
  readonly attention: tf.Tensor2D;
}

/** @param references what each of the prototypes [N, D] is compared with, [1, D] or [N, D] */
export type Operator = (prototypes: tf.Tensor2D, references: tf.Tensor2D) => Mixed;

/**
 * The operator that options ask for, with its weights.
 *
 * @throws WeightsError where the weights are missing.
 */
export function operatorOf(
  options: ResolvedOptions,
  parameters: ParameterRecord,
  className: ClassName,
  channels: number,
): Operator {
  const { operator, prefix, temperature, normalizeRows } = options;
  if (operator === 'residual-mlp') {
    const layers = findResidualMlp(parameters, prefix, className, channels);
    return (prototypes, references) => ({
      mixed: residualMlp({ prototypes, references, layers }),
      attention: tf.eye(prototypes.shape[0]),
    });
  }
  const projections = findProjections(parameters, { ...options, className, channels });
  return (prototypes, references) => {
    const inputs = { prototypes, deviations: tf.sub(prototypes, references) as tf.Tensor2D, ...projections };
    if (operator === 'gate') {
      const { calibrated, gates } = gate(inputs);
      return { mixed: calibrated, attention: tf.diag(gates) as tf.Tensor2D };
    }
    const sigma = operator === 'joint-softmax' ? 'softmax' : 'sigmoid';
    const { calibrated, attention } = jointAttention({ ...inputs, sigma, temperature, normalizeRows });
    return { mixed: calibrated, attention };
  };
}
