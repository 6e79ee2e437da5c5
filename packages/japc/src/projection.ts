import { ShapeError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** What both operators with projections work on. */
interface Operands {
  readonly prototypes: tf.Tensor2D;
  readonly deviations: tf.Tensor2D;
  readonly queryWeight: tf.Tensor2D;
  readonly keyWeight: tf.Tensor2D;
}

/** @throws ShapeError where there is not one deviation a prototype, or queries and keys differ in width. */
export function checkOperands({ prototypes, deviations, queryWeight, keyWeight }: Operands): void {
  if (prototypes.shape.join() !== deviations.shape.join() || queryWeight.shape[0] !== keyWeight.shape[0]) {
    throw new ShapeError(
      `prototypes [${prototypes.shape}] with deviations [${deviations.shape}], Wq [${queryWeight.shape}] with Wk [${keyWeight.shape}].`,
    );
  }
}

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
