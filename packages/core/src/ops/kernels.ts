import * as tf from '@tensorflow/tfjs';

type Attributes = Readonly<Record<string, unknown>>;
type Inputs = Readonly<Record<string, tf.Tensor | undefined>>;

/** Whether the current backend has a kernel of this name. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}

/**
 * Runs a kernel of the current backend by name, past the checks of the tf function that usually leads to it.
 * Kernels named `Fsmr...` are fast forms of our operations that a backend may offer.
 *
 * @returns the outputs, one or many, as a list.
 */
export function runKernel(name: string, inputs: Inputs, attributes: Attributes): tf.Tensor[] {
  const outputs = tf
    .engine()
    .runKernel(name, inputs as unknown as tf.NamedTensorMap, attributes as unknown as tf.NamedAttrMap);
  return Array.isArray(outputs) ? outputs : [outputs as tf.Tensor];
}
