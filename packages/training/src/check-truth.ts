import { checkTruthValues, ShapeError } from '@fsmr/core';
import type * as tf from '@tensorflow/tfjs';

/**
 * @param raters names for the error; numbers unless given
 * @throws ShapeError where logits [R, H, W, 2] and masks [R, H, W] do not speak of the same raters and pixels; InputError
 * for values that are none of 0, 1 and 255.
 */
export function checkTruth(logits: tf.Tensor4D, truth: tf.Tensor3D, raters?: readonly string[]): void {
  if (logits.shape.slice(0, 3).join() === truth.shape.join()) {
    checkTruthValues(truth, raters);
    return;
  }
  throw new ShapeError(
    `logits [${logits.shape}] and masks [${truth.shape}] do not speak of the same raters or pixels.`,
  );
}
