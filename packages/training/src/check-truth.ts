import { ShapeError } from '@fsmr/core';
import type * as tf from '@tensorflow/tfjs';

/** @throws ShapeError where logits [R, H, W, 2] and masks [R, H, W] do not speak of the same raters and pixels. */
export function checkTruth(logits: tf.Tensor4D, truth: tf.Tensor3D): void {
  if (logits.shape.slice(0, 3).join() === truth.shape.join()) return;
  throw new ShapeError(
    `logits [${logits.shape}] and masks [${truth.shape}] do not speak of the same raters or pixels.`,
  );
}
