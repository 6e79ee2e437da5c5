import * as tf from '@tensorflow/tfjs';

/** A scalar and how it changes with some tensors; the caller owns them all. */
export interface ScalarGradients {
  readonly value: tf.Scalar;
  /** One a tensor; null where the scalar does not depend on it. */
  readonly gradients: readonly (tf.Tensor | null)[];
}

/**
 * The gradients of a scalar for tensors that the function reads, as `tf.grads` but with null for those it does not reach.
 *
 * Where the function or its gradient throws, all that was saved for the way back is freed. TensorFlow.js would keep it for
 * good: the activations of the whole encoder, for one image that could not be segmented.
 *
 * @throws what the function throws.
 */
export function scalarGradients(compute: () => tf.Scalar, tensors: readonly tf.Tensor[]): ScalarGradients {
  const engine = tf.engine();
  try {
    const { value, grads } = engine.gradients(compute, [...tensors], undefined, true);
    return { value: value as tf.Scalar, gradients: grads };
  } catch (error) {
    // Inside another gradient the tape is the outer one's, whose failure frees it.
    if (engine.state.gradientDepth === 0) {
      for (const { saved } of engine.state.activeTape ?? []) tf.dispose(saved ?? []);
    }
    throw error;
  }
}
