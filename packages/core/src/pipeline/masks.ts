import * as tf from '@tensorflow/tfjs';
import type { ClassName } from '../contract/index.js';
import { ShapeError } from '../errors.js';
import { differentiable, resizeBilinearTranspose } from '../ops/index.js';
import { sampledBilinear } from '../ops/resize.js';

/** The masks of one episode, by rater and shot. */
export interface RaterMasks {
  /** Foreground [R, S, H, W], 0 or 1 (soft masks are allowed in [0, 1]). */
  readonly masks: tf.Tensor4D;
  /** For each rater the shots outlined, ascending; a rater needs at least one. */
  readonly shots: readonly (readonly number[])[];
}

/** Every rater outlined every shot. */
export function allShots(raters: number, shots: number): number[][] {
  return Array.from({ length: raters }, () => Array.from({ length: shots }, (_, shot) => shot));
}

/** @throws ShapeError where masks and shots do not describe the same raters, or nobody outlined an image. */
export function checkRaterMasks({ masks, shots }: RaterMasks, supportImages: number): void {
  const [raters, count] = masks.shape;
  if (raters === 0) throw new ShapeError('masks of at least one rater are needed.');
  if (count !== supportImages) {
    throw new ShapeError(`masks speak of ${count} support images, but features of ${supportImages} were given.`);
  }
  if (shots.length !== raters) throw new ShapeError(`masks of ${raters} raters, but shots of ${shots.length}.`);
  const unseen = Array.from({ length: count }, (_, shot) => shot).find((shot) =>
    shots.every((own) => !own.includes(shot)),
  );
  if (unseen !== undefined) {
    throw new ShapeError(`support image ${unseen} was outlined by no rater.`, { remedy: 'Leave it out.' });
  }
  shots.forEach((list, rater) => {
    const valid = list.every(
      (shot, i) => Number.isInteger(shot) && shot >= 0 && shot < count && (i === 0 || shot > list[i - 1]!),
    );
    if (list.length === 0 || !valid) {
      throw new ShapeError(
        `rater ${rater} has shots [${list.join(', ')}]; at least one of 0..${count - 1} is needed, ascending.`,
      );
    }
  });
}

/** Rows of a batch by index; the batch itself where all rows are wanted. [S, ...] -> [S_r, ...] */
export function selectShots<T extends tf.Tensor>(batch: T, shots: readonly number[]): T {
  if (shots.length === batch.shape[0]) return batch;
  // Not gather, whose gradient the wasm backend lacks.
  return tf.tidy(() => {
    const rows = shots.map((shot) => tf.slice(batch, shot, 1));
    return (rows.length === 1 ? rows[0]! : tf.concat(rows, 0)) as T;
  });
}

/** The foreground of one rater in the shots outlined. -> [S_r, H, W] */
export function raterForeground({ masks, shots }: RaterMasks, rater: number): tf.Tensor3D {
  return tf.tidy(() => {
    const own = tf.squeeze(tf.slice(masks, [rater, 0, 0, 0], [1, -1, -1, -1]), [0]) as tf.Tensor3D;
    return selectShots(own, shots[rater]!);
  });
}

/**
 * The consensus foreground: the mean over the raters present in each shot, or the pixels that more than half of them
 * marked (JAPC section 2.3, the mask of rater 0). -> [S, H, W]
 */
export function consensusForeground({ masks, shots }: RaterMasks, kind: 'soft' | 'majority'): tf.Tensor3D {
  return tf.tidy(() => {
    const [raters, count] = masks.shape;
    const present = tf.tensor(
      shots.flatMap((list) => Array.from({ length: count }, (_, shot) => (list.includes(shot) ? 1 : 0))),
      [raters, count, 1, 1],
    );
    const number = tf.maximum(tf.sum(present, 0), 1);
    const mean = tf.div(tf.sum(tf.mul(masks, present), 0), number) as tf.Tensor3D;
    return kind === 'soft' ? mean : (tf.cast(tf.greater(mean, 0.5), 'float32') as tf.Tensor3D);
  });
}

/** The mask of a class: the foreground, or its complement. */
export function classMask(foreground: tf.Tensor3D, className: ClassName): tf.Tensor3D {
  return className === 'foreground' ? foreground : tf.sub(1, foreground);
}

/**
 * Masks [S, H, W] on a grid [S, h, w], bilinear, align_corners false, to the last bit as the published programs have them
 * on the CPU: which cells a class fills is asked of thresholds that masks of several raters meet exactly, so the last bit
 * decides which prototypes there are.
 */
export function resizeMasks(masks: tf.Tensor3D, size: readonly [number, number]): tf.Tensor3D {
  const [count, height, width] = masks.shape;
  if (height === size[0] && width === size[1]) return tf.clone(masks);
  const [resized] = differentiable({
    inputs: { masks },
    forward: () => {
      const values = masks.dataSync<'float32'>() as Float32Array;
      return [tf.tensor3d(sampledBilinear(values, [count, height, width], size), [count, ...size])];
    },
    backward: ([dy]) => ({
      masks: () => resizeBilinearTranspose(dy as tf.Tensor3D, [height, width], { alignCorners: false }),
    }),
  });
  return resized as tf.Tensor3D;
}

/** The grid of the first feature map, [h, w]. */
export function gridOf(features: { readonly maps: readonly tf.Tensor4D[] }): [number, number] {
  const [, height, width] = features.maps[0]!.shape;
  return [height, width];
}
