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

/** What the last backward call used; once the next begins, nothing needs it any more. */
let spent: readonly tf.Tensor[] = [];

/** The same tensor once more, outside every scope: as `tf.keep(tf.clone(tensor))`, but on no tape. */
function shared(tensor: tf.Tensor): tf.Tensor {
  tf.backend().incRef(tensor.dataId);
  return tf.keep(tf.engine().makeTensorFromTensorInfo(tensor));
}

/**
 * Whether a gradient was made by the running backward pass, which alone may free it: the gradient a caller hands to
 * `tf.grad(f)(x, dy)` stays the caller's.
 */
function isPassing(dy: tf.Tensor): boolean {
  return !dy.kept && dy.scopeId === tf.engine().state.activeScope?.id;
}

/**
 * Runs a function that brings its own gradient.
 *
 * `tf.customGrad` does the same for one output, computes the gradients of all inputs whether wanted or not, and holds
 * every gradient and saved tensor until the backward pass ends. This goes one step below it: a function can have
 * several outputs, the gradient of an image or of frozen weights costs nothing, and what a backward call has used is
 * freed when the next one begins, which halves the memory of a training step.
 *
 * First derivatives only: what `forward` saves on its way is a constant to the gradient of a gradient, which is right
 * for functions that save nothing but their inputs. A gradient that your own `tf.customGrad` hands to two functions at
 * once must be two tensors (`dy.clone()`).
 *
 * @throws EngineError where TensorFlow.js no longer has the step below; and what `forward` throws, after what it saved
 * for the first derivative is freed.
 */
export function differentiable<Name extends string>(operation: Differentiable<Name>): tf.Tensor[] {
  const engine = tf.engine() as unknown as KernelRunner;
  if (engine.runKernelFunc === undefined) {
    throw new EngineError('this version of @tensorflow/tfjs cannot run functions with their own gradient', {
      remedy: 'Install @tensorflow/tfjs 4.22.',
    });
  }
  // TensorFlow.js records every saved tensor as an operation of its own, which only gradients of gradients need.
  const { gradientDepth, kernelDepth } = tf.engine().state;
  const once = gradientDepth === 1 && kernelDepth === 0;
  const kept: tf.Tensor[] = [];
  let outputs: tf.Tensor[];
  try {
    outputs = engine.runKernelFunc({
      inputs: operation.inputs,
      forwardFunc: (_backend, save) =>
        operation.forward(once ? (tensors) => void kept.push(...tensors.map(shared)) : save),
      backwardsFunc: (dy, saved) => {
        for (const tensor of spent) tensor.dispose();
        const dys = Array.isArray(dy) ? dy : [dy];
        spent = tf.engine().state.gradientDepth === 0 ? [...dys.filter(isPassing), ...saved] : [];
        return operation.backward(dys, saved);
      },
    });
  } catch (error) {
    // No tape holds it yet, so nobody else will free it.
    tf.dispose(kept);
    throw error;
  }
  // What hangs on the tape's last node, which is ours, is handed to `backwardsFunc` and freed with it.
  const recorded = once ? tf.engine().state.activeTape.at(-1) : undefined;
  recorded?.saved?.push(...kept);
  return outputs;
}
