import { ShapeError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/**
 * A linear layer as torch stores it: `x weight^T + bias`.
 *
 * @param x [N, D]
 * @param weight [d, D]
 * @param bias [d], or none
 * @returns [N, d]
 * @throws ShapeError where the widths differ.
 */
export function project(x: tf.Tensor2D, weight: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor2D {
  if (x.shape[1] !== weight.shape[1]) {
    throw new ShapeError(`prototypes [${x.shape}] do not fit a projection [${weight.shape}] (out, in).`, {
      remedy: 'The projections belong to another backbone or method.',
    });
  }
  if (bias !== undefined && bias.shape.join() !== String(weight.shape[0])) {
    throw new ShapeError(`a bias [${bias.shape}] does not fit a projection [${weight.shape}] (out, in).`);
  }
  return tf.tidy(() => {
    const product: tf.Tensor2D = tf.matMul(x, weight, false, true);
    return bias === undefined ? product : tf.add(product, bias);
  });
}
