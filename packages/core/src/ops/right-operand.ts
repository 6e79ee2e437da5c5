import * as tf from '@tensorflow/tfjs';

/**
 * A tensor as the right operand of a product.
 *
 * What TensorFlow.js's wasm backend (4.22) prepares for a right operand it keeps by the operand's data, whatever the shape:
 * data that stand there under two shapes give wrong numbers, or end the program. Features do, so on that backend they get
 * a copy.
 */
export function rightOperand<T extends tf.Tensor>(x: T): T {
  return tf.getBackend() === 'wasm' ? (tf.mul(x, 1) as T) : x;
}
