import { ShapeError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** A matrix with three diagonals; the first and the last row are those of the identity. */
function banded(size: number, [below, centre, above]: readonly [number, number, number]): tf.Tensor2D {
  const values = new Float32Array(size * size);
  for (let row = 0; row < size; row++) {
    const inside = row > 0 && row < size - 1;
    values[row * size + row] = inside ? centre : 1;
    if (!inside) continue;
    values[row * size + row - 1] = below;
    values[row * size + row + 1] = above;
  }
  return tf.tensor2d(values, [size, size]);
}

/**
 * The mixing matrix before training [C, C]: each channel 0.8, its two neighbours 0.3, the first and the last channel
 * left alone.
 *
 * @param weights of the channel below, the channel itself and the channel above
 */
export function initialMixing(
  channels: number,
  weights: readonly [number, number, number] = [0.3, 0.8, 0.3],
): tf.Tensor2D {
  return banded(channels, weights);
}

/**
 * Mixes the channels of pooled features. Each weight between neighbouring channels grows by up to the factor
 * `1 + alpha`, the more the two vary together over the cells; the matrix is dense, so training can join any channels
 * (DSPNet, background channel-structural multi-head attention).
 *
 * @param cells [M, C]
 * @param mixing the parameter `cls_unit.cal` [C, C]
 * @returns [M, C]
 * @throws ShapeError where the widths differ.
 */
export function mixChannels(cells: tf.Tensor2D, mixing: tf.Tensor2D, alpha: number): tf.Tensor2D {
  const channels = cells.shape[1];
  if (mixing.shape[0] !== channels || mixing.shape[1] !== channels) {
    throw new ShapeError(`cls_unit.cal is [${mixing.shape}] where features have ${channels} channels.`);
  }
  return tf.tidy(() => {
    const covariation = tf.softmax(tf.matMul(cells, cells, true, false));
    const emphasis = tf.add(1, tf.mul(alpha, tf.mul(banded(channels, [1, 1, 1]), covariation)));
    return tf.matMul(cells, tf.mul(emphasis, mixing), false, true) as tf.Tensor2D;
  });
}
