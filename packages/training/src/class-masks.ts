import { InputError } from '@fsmr/core';
import type { Scan } from '@fsmr/datasets';
import * as tf from '@tensorflow/tfjs';

/** The masks of one class that raters drew on one slice. -> [R, 1, H, W], 0 or 1; the caller owns the tensor. */
export function classMasks(scan: Scan, slice: number, raters: readonly string[], classId: number): tf.Tensor4D {
  const [, height, width] = scan.size;
  const values = new Float32Array(raters.length * height * width);
  for (const [index, rater] of raters.entries()) {
    values.set(classPlane(scan, slice, rater, classId), index * height * width);
  }
  return tf.tensor4d(values, [raters.length, 1, height, width]);
}

/** One slice of one rater's labels as 0 and 1. @throws InputError where the rater is absent. */
export function classPlane(scan: Scan, slice: number, rater: string, classId: number): Uint8Array {
  const labels = scan.labels[rater];
  if (labels === undefined) throw new InputError(`scan ${scan.id} has no labels.`, { rater });
  const plane = scan.size[1] * scan.size[2];
  return labels.subarray(slice * plane, (slice + 1) * plane).map((id) => (id === classId ? 1 : 0));
}
