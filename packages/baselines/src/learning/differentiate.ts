import { isBuffer } from '@fsmr/backbones';
import { type ParameterRecord, scalarGradients } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** A loss and what else came of computing it. */
export interface LossAnd<Rest> {
  readonly loss: tf.Scalar;
  /** Outlives the gradient: running statistics, outputs for other networks. */
  readonly rest: Rest;
}

/** A loss, its gradients by parameter, and what else came of it; the caller owns all tensors. */
export interface Differentiated<Rest> extends LossAnd<Rest> {
  readonly gradients: ParameterRecord;
}

/**
 * Gradients of a loss for some parameters, those the loss does not reach left out.
 *
 * @param parameters the record the loss reads
 * @param compute the loss; must be synchronous
 * @param moves which parameters are differentiated; all but running statistics unless given
 */
export function differentiate<Rest>(
  parameters: ParameterRecord,
  compute: () => LossAnd<Rest>,
  moves: (name: string) => boolean = (name) => !isBuffer(name),
): Differentiated<Rest> {
  const names = Object.keys(parameters).filter(moves);
  let found: LossAnd<Rest> | undefined;
  try {
    const { gradients: all } = scalarGradients(
      () => {
        found = compute();
        for (const tensor of tensorsOf(found)) tf.keep(tensor);
        return found.loss;
      },
      names.map((name) => parameters[name]!),
    );
    const gradients = Object.fromEntries(names.flatMap((name, i) => (all[i] == null ? [] : [[name, all[i]!]])));
    return { ...found!, gradients };
  } catch (error) {
    tf.dispose(tensorsOf(found));
    throw error;
  }
}

/** The sum of gradients from several passes; frees them. */
export function addGradients(all: readonly ParameterRecord[]): ParameterRecord {
  const names = new Set(all.flatMap((gradients) => Object.keys(gradients)));
  return Object.fromEntries(
    [...names].map((name) => {
      const parts = all.flatMap((gradients) => gradients[name] ?? []);
      if (parts.length === 1) return [name, parts[0]!];
      const sum = tf.addN(parts);
      tf.dispose(parts);
      return [name, sum];
    }),
  );
}

function tensorsOf(value: unknown): tf.Tensor[] {
  if (value instanceof tf.Tensor) return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(tensorsOf);
}
