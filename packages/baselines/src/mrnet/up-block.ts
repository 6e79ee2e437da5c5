import * as tf from '@tensorflow/tfjs';
import { type Blueprint, convBlanks, normBlanks, transposedBlanks } from '../network/blueprint.js';
import { conv, cropTo, norm, transposedConv } from '../network/layers.js';
import type { Pass } from '../network/pass.js';

/** The parameters of {@link upBlock}: `tr_conv`, `x_conv` and `bn` below a name. */
export function upBlockBlanks(name: string, inputs: number, skip: number, outputs: number): Blueprint {
  const half = outputs / 2;
  return {
    ...convBlanks(`${name}.x_conv`, 1, skip, half),
    ...transposedBlanks(`${name}.tr_conv`, inputs, half),
    ...normBlanks(`${name}.bn`, outputs),
  };
}

/**
 * One step up a U-Net: the deep map doubled by a transposed convolution, beside the skip through a 1x1 convolution,
 * then relu and batch normalisation in this order.
 *
 * @param deep [B, h, w, in]
 * @param skip [B, 2 h, 2 w, skip], or a row and column less
 * @returns [B, 2 h, 2 w, out]
 */
export function upBlock(pass: Pass, name: string, deep: tf.Tensor4D, skip: tf.Tensor4D): tf.Tensor4D {
  const up = cropTo(transposedConv(pass, `${name}.tr_conv`, deep), [skip.shape[1], skip.shape[2]]);
  const both = tf.concat([up, conv(pass, `${name}.x_conv`, skip)], 3);
  return norm(pass, `${name}.bn`, tf.relu(both));
}
