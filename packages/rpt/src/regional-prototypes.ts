import { resizeMasks } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import type { FirstRegion } from './first-region.js';
import { foregroundRegions } from './regions.js';

/**
 * The mean feature of each region of each shot (RPT, regional prototype generation). A cell belongs to the foreground
 * where the resized mask (bilinear, align_corners false) is above 0 at all.
 *
 * @param features [S, h, w, C]
 * @param masks [S, H, W]
 * @param regions wanted a shot
 * @returns [S regions, C], shot by shot
 */
export function regionalPrototypes(
  features: tf.Tensor4D,
  masks: tf.Tensor3D,
  regions: number,
  firstRegion: FirstRegion,
): tf.Tensor2D {
  const [shots, height, width, channels] = features.shape;
  return tf.tidy(() => {
    const onGrid = resizeMasks(masks, [height, width]);
    const ofShots = Array.from({ length: shots }, (_, shot) => {
      const values = tf.slice(onGrid, [shot, 0, 0], [1, -1, -1]).dataSync();
      const averaging = averagingMatrix(values, width, regions, firstRegion);
      const rows = tf.reshape(tf.slice(features, [shot, 0, 0, 0], [1, -1, -1, -1]), [height * width, channels]);
      return tf.matMul(averaging, rows) as tf.Tensor2D;
    });
    return tf.concat(ofShots, 0);
  });
}

/** One row a region: one over its number of cells at each of them. [regions, h w] */
function averagingMatrix(
  mask: ArrayLike<number>,
  width: number,
  wanted: number,
  firstRegion: FirstRegion,
): tf.Tensor2D {
  const { cells, centres, labels } = foregroundRegions(mask, width, wanted, firstRegion);
  const sizes = new Float32Array(centres.length);
  for (const label of labels) sizes[label]! += 1;
  const weights = new Float32Array(centres.length * mask.length);
  cells.forEach(({ row, column }, i) => {
    const label = labels[i]!;
    weights[label * mask.length + row * width + column] = 1 / sizes[label]!;
  });
  return tf.tensor2d(weights, [centres.length, mask.length]);
}
