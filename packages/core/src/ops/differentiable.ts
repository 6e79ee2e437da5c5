import * as tf from '@tensorflow/tfjs';
import { EngineError } from '../errors.js';

/** A function with its own gradient. */
export interface Differentiable<Name extends string> {
  /** The tensors a gradient may be asked for. */
  readonly inputs: Readonly<Record<Name, tf.Tensor>>;
  /** Computes the outputs; what `save` is given reaches `backward` as `saved`. No gradient is recorded inside. */
  forward(save: (tensors: tf.Tensor[]) => void): tf.Tensor[];
  /** One function an input, called only where that input's gradient is wanted. */
  backward(dys: tf.Tensor[], saved: tf.Tensor[]): Readonly<Record<Name, () => tf.Tensor>>;
}

interface KernelRunner {
  runKernelFunc?(kernel: {
    inputs: tf.NamedTensorMap;
    forwardFunc: (backend: unknown, save: (tensors: tf.Tensor[]) => void) => tf.Tensor[];
    backwardsFunc: (dy: tf.Tensor | tf.Tensor[], saved: tf.Tensor[]) => Readonly<Record<string, () => tf.Tensor>>;
  }): tf.Tensor[];
}

/**
 * Runs a function that brings its own gradient.
 *
 * `tf.customGrad` does the same for one output and computes the gradients of all inputs whether wanted or not. This
 * goes one step below it, so that a function can have several outputs and the gradient of an image or of frozen
 * weights costs nothing.
 *
 * @throws EngineError where TensorFlow.js no longer has the step below.
 */
export function differentiable<Name extends string>(operation: Differentiable<Name>): tf.Tensor[] {
  const engine = tf.engine() as unknown as KernelRunner;
  if (engine.runKernelFunc === undefined) {
    throw new EngineError('this version of @tensorflow/tfjs cannot run functions with their own gradient', {
      remedy: 'Install @tensorflow/tfjs 4.22.',
    });
  }
  return engine.runKernelFunc({
    inputs: operation.inputs,
    forwardFunc: (_backend, save) => operation.forward(save),
    backwardsFunc: (dy, saved) => operation.backward(Array.isArray(dy) ? dy : [dy], saved),
  });
}
