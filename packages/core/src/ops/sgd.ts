import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../errors.js';
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
 * @throws ShapeError where gradient or velocity differ in shape from the weight.
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
 * The same for many parameters, which costs a native backend few calls instead of one a parameter; those without velocity
 * are moved by ordinary operations.
 *
 * @returns new tensors, which the caller owns, in the order of the parameters. Until then the old ones stay, so that both take
 * memory: call it with a part of the parameters where that is too much.
 * @throws ShapeError where a gradient or velocity differs in shape from its weight.
 */
export function sgdSteps<T extends tf.Tensor>(
  parameters: readonly SgdParameter<T>[],
  options: SgdOptions,
): SgdMoved<T>[] {
  for (const { weight, gradient, velocity } of parameters) checkShapes(weight, gradient, velocity);
  const isNative = hasKernel('FsmrSgdSteps');
  const isMoving = (parameter: SgdParameter<T>): parameter is Moving<T> => isNative && parameter.velocity !== undefined;
  const moved = nativeSteps(parameters.filter(isMoving), options).values();
  return parameters.map((parameter) =>
    isMoving(parameter) ? (moved.next().value as SgdMoved<T>) : portableStep(parameter, options),
  );
}

type Moving<T extends tf.Tensor> = SgdParameter<T> & { readonly velocity: T };

function checkShapes(weight: tf.Tensor, gradient: tf.Tensor, velocity: tf.Tensor | undefined): void {
  for (const [name, { shape }] of Object.entries({ gradient, ...(velocity && { velocity }) })) {
    if (!tf.util.arraysEqual(shape, weight.shape)) {
      throw new ShapeError(`the ${name} of a weight [${weight.shape}] is [${shape}].`);
    }
  }
}

function nativeSteps<T extends tf.Tensor>(parameters: readonly Moving<T>[], options: SgdOptions): SgdMoved<T>[] {
  if (parameters.length === 0) return [];
  const inputs = parameters.flatMap(({ weight, gradient, velocity }, index) => [
    [`weight${index}`, weight] as const,
    [`gradient${index}`, gradient] as const,
    [`velocity${index}`, velocity] as const,
  ]);
  const moved = runKernel('FsmrSgdSteps', Object.fromEntries(inputs), { ...options }) as T[];
  return parameters.map((_, index) => ({ weight: moved[2 * index] as T, velocity: moved[2 * index + 1] as T }));
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
