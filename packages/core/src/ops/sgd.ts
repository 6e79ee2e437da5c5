import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernel } from './kernels.js';

/** The constants of one step of stochastic gradient descent. */
export interface SgdOptions {
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

/**
 * One step of stochastic gradient descent as `torch.optim.SGD`: `v = momentum v + (g + weightDecay w)`,
 * `w = w - learningRate v`; the first step has no velocity yet and starts with `v = g + weightDecay w`.
 *
 * @param weight of any shape
 * @param gradient of the same shape
 * @param velocity what the last step returned; undefined at the first
 * @returns new tensors, which the caller owns.
 */
export function sgdStep<T extends tf.Tensor>(
  weight: T,
  gradient: T,
  velocity: T | undefined,
  { learningRate, momentum, weightDecay }: SgdOptions,
): { readonly weight: T; readonly velocity: T } {
  if (velocity !== undefined && hasKernel('FsmrSgdStep')) {
    const attributes = { learningRate, momentum, weightDecay };
    const [moved, speed] = runKernel('FsmrSgdStep', { weight, gradient, velocity }, attributes) as [T, T];
    return { weight: moved, velocity: speed };
  }
  return tf.tidy(() => {
    let moved: tf.Tensor = weightDecay === 0 ? tf.clone(gradient) : tf.add(gradient, tf.mul(weight, weightDecay));
    if (velocity !== undefined) moved = tf.add(tf.mul(velocity, momentum), moved);
    return { weight: tf.sub(weight, tf.mul(moved, learningRate)) as T, velocity: moved as T };
  });
}
