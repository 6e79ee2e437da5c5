import * as tf from '@tensorflow/tfjs';
import { hasKernel, runKernel } from './kernels.js';

/** The constants of one step of stochastic gradient descent. */
export interface SgdOptions {
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

/** A parameter about to be moved; all three tensors have its shape. */
export interface SgdParameter<T extends tf.Tensor = tf.Tensor> {
  readonly weight: T;
  readonly gradient: T;
  /** What the last step returned; undefined at the first. */
  readonly velocity: T | undefined;
}

/** A parameter after a step. */
export interface SgdMoved<T extends tf.Tensor = tf.Tensor> {
  readonly weight: T;
  readonly velocity: T;
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
  options: SgdOptions,
): SgdMoved<T> {
  return sgdSteps([{ weight, gradient, velocity }], options)[0] as SgdMoved<T>;
}

/**
 * The same for many parameters, which costs a native backend few calls instead of one a parameter.
 *
 * @returns new tensors, which the caller owns, in the order of the parameters. Until then the old ones stay, so that both take
 * memory: call it with a part of the parameters where that is too much.
 */
export function sgdSteps<T extends tf.Tensor>(
  parameters: readonly SgdParameter<T>[],
  options: SgdOptions,
): SgdMoved<T>[] {
  if (
    parameters.length > 0 &&
    parameters.every(({ velocity }) => velocity !== undefined) &&
    hasKernel('FsmrSgdSteps')
  ) {
    const inputs = parameters.flatMap(({ weight, gradient, velocity }, index): [string, T | undefined][] => [
      [`weight${index}`, weight],
      [`gradient${index}`, gradient],
      [`velocity${index}`, velocity],
    ]);
    const moved = runKernel('FsmrSgdSteps', Object.fromEntries(inputs), { ...options }) as T[];
    return parameters.map((_, index) => ({ weight: moved[2 * index] as T, velocity: moved[2 * index + 1] as T }));
  }
  return parameters.map((parameter) => portableStep(parameter, options));
}

function portableStep<T extends tf.Tensor>(
  { weight, gradient, velocity }: SgdParameter<T>,
  { learningRate, momentum, weightDecay }: SgdOptions,
): SgdMoved<T> {
  return tf.tidy(() => {
    let moved: tf.Tensor = weightDecay === 0 ? tf.clone(gradient) : tf.add(gradient, tf.mul(weight, weightDecay));
    if (velocity !== undefined) moved = tf.add(tf.mul(velocity, momentum), moved);
    return { weight: tf.sub(weight, tf.mul(moved, learningRate)) as T, velocity: moved as T };
  });
}
