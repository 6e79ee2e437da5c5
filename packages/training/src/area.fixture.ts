import { definePrototypeMethod, type Model, type PrototypeMethod } from '@fsmr/core';
import type { Dataset, Scan } from '@fsmr/datasets';
import * as tf from '@tensorflow/tfjs';
import type { FeatureStore } from './features.js';

/**
 * A method whose answers are known beforehand: its prototype is the share a of the support the mask fills, and a query
 * position is foreground where its grey value exceeds 1 - a.
 */
export const areaMethod: PrototypeMethod = definePrototypeMethod({
  name: 'area',
  classes: ['foreground'],
  maskResolution: 'image',
  extract: ({ mask }) => ({ levels: [tf.reshape(tf.mean(mask), [1, 1]) as tf.Tensor2D] }),
  score: ({ query, prototypes }) =>
    tf.tidy(() => {
      const grey = tf.squeeze(query.maps[0]!, [0, 3]) as tf.Tensor2D;
      return [tf.sub(grey, tf.sub(1, tf.squeeze(prototypes.levels[0]!))) as tf.Tensor2D];
    }),
  decode: ({ similarities }) =>
    tf.tidy(() => {
      const [found] = similarities.foreground!;
      return tf.stack([tf.zerosLike(found!), found!], 3) as tf.Tensor4D;
    }),
}) as PrototypeMethod;

/** Its prototypes replaced by their mean, so that raters are seen to meet. */
export const meetingMethod: PrototypeMethod = {
  ...areaMethod,
  calibrator: {
    name: 'mean',
    consensus: 'soft',
    init: () => ({}),
    calibrate: ({ raters }) => {
      const mean = tf.mean(tf.stack(raters.map(({ levels }) => levels[0]!)), 0) as tf.Tensor2D;
      return { raters: raters.map(() => ({ levels: [mean] })), loss: tf.scalar(0) };
    },
  },
};

/** A model around such a method; its backbone is never asked. */
export function modelOf(method: PrototypeMethod): Model {
  const backbone = {
    name: 'none',
    channels: [1],
    strides: [1],
    hasThreshold: false,
    init: () => ({}),
    isBuffer: () => false,
    apply: () => {
      throw new Error('features come from the store');
    },
  };
  return { backbone, method };
}

/** Eight pixels of growing brightness, 0.1 to 0.8. */
export const greys = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];

/** The brightest `count` of the eight pixels. */
export const brightest = (count: number): Uint8Array =>
  Uint8Array.from({ length: 8 }, (_, i) => (i >= 8 - count ? 1 : 0));

/** Three scans of one slice of 2 x 4; rater wide always marks the brightest four pixels, rater narrow two. */
export function areaDataset(): Dataset & { readonly reads: string[] } {
  const raters = ['wide', 'narrow'];
  const reads: string[] = [];
  const read = async (id: string): Promise<Scan> => {
    reads.push(id);
    const labels = { wide: brightest(4), narrow: brightest(2) };
    return { id, size: [1, 2, 4], image: Float32Array.from(greys), labels };
  };
  return {
    name: 'areas',
    raters,
    classes: [{ id: 1, name: 'bright' }],
    modality: 'other',
    scans: ['a', 'b', 'c'].map((id) => ({ id, raters, classes: [1] })),
    read,
    reads,
  };
}

/** A store that gives grey values themselves as features. */
export function greyStore(): FeatureStore {
  const made: tf.Tensor4D[] = [];
  return {
    of: ({ size: [, height, width], image }) => {
      const map = tf.tensor4d(image, [1, height, width, 1]);
      made.push(map);
      return { maps: [map] };
    },
    dispose: () => tf.dispose(made),
  };
}
