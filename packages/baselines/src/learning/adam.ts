import type { ParameterRecord } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** The constants of Adam; the others are PyTorch's defaults: betas 0.9 and 0.999, epsilon 1e-8. */
export interface AdamOptions {
  readonly learningRate: number;
  /** Added to the gradient as `weightDecay` times the weight, as `torch.optim.Adam` does; 0 unless given. */
  readonly weightDecay?: number;
}

/** What Adam remembers of one parameter. */
export interface Moments {
  /** Steps this parameter has made. */
  readonly steps: number;
  readonly first: tf.Tensor;
  readonly second: tf.Tensor;
}

/** Parameters of a network and what Adam remembers of those that have moved. */
export interface Trained {
  readonly parameters: ParameterRecord;
  readonly moments: Readonly<Record<string, Moments>>;
}

/** Frees all tensors. */
export function disposeTrained({ parameters, moments }: Trained): void {
  tf.dispose([Object.values(parameters), Object.values(moments).flatMap(({ first, second }) => [first, second])]);
}

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];

/**
 * One step of Adam with coupled weight decay. Parameters without a gradient stay as they are. Frees what it replaces,
 * not the gradients.
 *
 * @see Kingma and Ba, Adam, ICLR 2015, algorithm 1.
 */
export function adamStep(
  { parameters, moments }: Trained,
  gradients: ParameterRecord,
  { learningRate, weightDecay = 0 }: AdamOptions,
): Trained {
  const moved: Record<string, tf.Tensor> = { ...parameters };
  const remembered: Record<string, Moments> = { ...moments };
  for (const [name, gradient] of Object.entries(gradients)) {
    const weight = parameters[name]!;
    const before = moments[name];
    const steps = (before?.steps ?? 0) + 1;
    const [first, second, next] = tf.tidy(() => {
      const g = weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(weight, weightDecay));
      const fresh = [tf.mul(g, 1 - beta1), tf.mul(tf.square(g), 1 - beta2)] as const;
      const m = before === undefined ? fresh[0] : tf.add(tf.mul(before.first, beta1), fresh[0]);
      const v = before === undefined ? fresh[1] : tf.add(tf.mul(before.second, beta2), fresh[1]);
      const spread = tf.add(tf.div(tf.sqrt(v), Math.sqrt(1 - beta2 ** steps)), epsilon);
      return [m, v, tf.sub(weight, tf.mul(tf.div(m, spread), learningRate / (1 - beta1 ** steps)))];
    }) as [tf.Tensor, tf.Tensor, tf.Tensor];
    tf.dispose([weight, before?.first ?? [], before?.second ?? []]);
    moved[name] = next;
    remembered[name] = { steps, first, second };
  }
  return { parameters: moved, moments: remembered };
}

/**
 * Moves along the gradients of a loss and takes over running statistics; where the loss is not a finite number the state
 * stays as it was. Frees the loss, the gradients and whatever is replaced or not used.
 *
 * @returns the next state, and the loss as it came out
 */
export function adamAlong(
  state: Trained,
  { loss: tensor, gradients }: { readonly loss: tf.Scalar; readonly gradients: ParameterRecord },
  statistics: ParameterRecord,
  options: AdamOptions,
): { readonly state: Trained; readonly loss: number } {
  const loss = tensor.dataSync()[0]!;
  tensor.dispose();
  if (!Number.isFinite(loss)) {
    tf.dispose([gradients, statistics]);
    return { state, loss };
  }
  const next = adamStep(replaceBuffers(state, statistics), gradients, options);
  tf.dispose(gradients);
  return { state: next, loss };
}

/** The parameters with new running statistics in place of the old, which are freed. */
export function replaceBuffers(trained: Trained, statistics: ParameterRecord): Trained {
  tf.dispose(Object.keys(statistics).map((name) => trained.parameters[name]!));
  return { ...trained, parameters: { ...trained.parameters, ...statistics } };
}

/** The learning rate of an epoch (from 0) that falls along half a cosine from `peak` to 0 over all `epochs`. */
export function cosineAnnealing(peak: number, epoch: number, epochs: number): number {
  return (peak / 2) * (1 + Math.cos((Math.PI * epoch) / epochs));
}
