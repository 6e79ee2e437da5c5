import * as tf from '@tensorflow/tfjs';
import { InputError } from '../errors.js';

/** Backends whose numbers lie in the computer's memory, so that looking at them costs next to nothing. */
const inMemory = ['cpu', 'wasm', 'tensorflow', 'onnxruntime'];

/** Whether looking at the values of tensors costs next to nothing on the backend in use. */
export function liesInMemory(): boolean {
  return inMemory.includes(tf.getBackend());
}

/**
 * Masks as picture files have them, 0 and 255, give wrong prototypes without any other sign. Not looked at on a graphics
 * card, which would have to stop for it.
 *
 * @param masks [R, ...]
 * @param raters names for the error; numbers unless given
 * @throws InputError where a mask leaves [0, 1].
 */
export function checkMaskValues(masks: tf.Tensor, raters?: readonly string[]): void {
  if (!liesInMemory()) return;
  const [lowest, highest] = tf.tidy(() => {
    const flat = tf.reshape(tf.cast(masks, 'float32'), [masks.shape[0]!, -1]);
    return [tf.min(flat, 1).dataSync(), tf.max(flat, 1).dataSync()];
  });
  for (const [rater, high] of highest!.entries()) {
    const low = lowest![rater]!;
    if (low >= 0 && high <= 1) continue;
    throw new InputError(`the mask holds values from ${low} to ${high}, but must lie in [0, 1].`, {
      rater: raters?.[rater] ?? String(rater),
      remedy: 'Divide masks of 0 and 255 by 255.',
    });
  }
}

/**
 * Truth that a loss counts: 0, 1, or 255 where it is passed over. Not looked at on a graphics card.
 *
 * @param truth [R, ...]
 * @param raters names for the error; numbers unless given
 * @throws InputError for another value.
 */
export function checkTruthValues(truth: tf.Tensor, raters?: readonly string[]): void {
  if (!liesInMemory()) return;
  const values = truth.dataSync();
  const place = values.findIndex((value) => value !== 0 && value !== 1 && value !== 255);
  if (place === -1) return;
  const rater = Math.floor((place * truth.shape[0]!) / truth.size);
  throw new InputError(`a mask of the truth holds ${values[place]}, but only 0, 1 and 255 (passed over) count.`, {
    rater: raters?.[rater] ?? String(rater),
    remedy: 'Divide masks of 0 and 255 by 255, and cut soft ones at one half.',
  });
}
