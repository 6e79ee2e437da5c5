import * as tf from '@tensorflow/tfjs';
import { type Blueprint, type ConvFillings, convBlanks } from '../network/blueprint.js';
import { conv } from '../network/layers.js';
import type { Pass } from '../network/pass.js';

/** What a step of a ConvLSTM leaves: its answer and its memory, both [B, h, w, C]. */
export interface ConvLstmState {
  readonly hidden: tf.Tensor4D;
  readonly cell: tf.Tensor4D;
}

/**
 * One step of a ConvLSTM: input, forget and output gate and candidate from a 3x3 convolution over input and previous
 * hidden state, `c = f c' + i g`, `h = o tanh(c)`.
 *
 * @param name of the parameters `name.weight` [3, 3, in + C, 4 C] and `name.bias`
 * @param x [B, h, w, in]
 * @see Shi et al., Convolutional LSTM Network, NeurIPS 2015, without peepholes.
 */
export function convLstmStep(pass: Pass, name: string, x: tf.Tensor4D, previous: ConvLstmState): ConvLstmState {
  return tf.tidy(() => {
    const channels = previous.cell.shape[3];
    const gates = conv(pass, name, tf.concat([x, previous.hidden], 3));
    const gate = (index: number): tf.Tensor4D => tf.slice(gates, [0, 0, 0, index * channels], [-1, -1, -1, channels]);
    const candidate = tf.tanh(gate(3));
    const kept = tf.mul(tf.sigmoid(gate(1)), previous.cell);
    const cell = tf.add(kept, tf.mul(tf.sigmoid(gate(0)), candidate)) as tf.Tensor4D;
    const hidden = tf.mul(tf.sigmoid(gate(2)), tf.tanh(cell)) as tf.Tensor4D;
    return { hidden, cell } as never;
  });
}

/** The names of an expertise injection's two convolutions. */
export interface InjectionNames {
  /** From R expertise weights to C channels. */
  readonly condition: string;
  readonly gates: string;
}

/** The parameters of {@link injectExpertise}. */
export function injectionBlanks(
  names: InjectionNames,
  raters: number,
  channels: number,
  fillings: ConvFillings = {},
): Blueprint {
  return {
    ...convBlanks(names.condition, 3, raters, channels, fillings),
    ...convBlanks(names.gates, 3, 2 * channels, 4 * channels, fillings),
  };
}

/**
 * Tells features whose expertise is wanted: the vector, spread over the map and convolved, is both memory and hidden
 * state of one ConvLSTM step over the features.
 *
 * @param features [B, h, w, C]
 * @param expertise [B, R]
 * @returns [B, h, w, C]
 * @see Ji et al., Learning Calibrated Medical Image Segmentation via Multi-rater Agreement Modeling, CVPR 2021, 3.2.
 */
export function injectExpertise(
  pass: Pass,
  names: InjectionNames,
  features: tf.Tensor4D,
  expertise: tf.Tensor2D,
): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, height, width] = features.shape;
    const spread = tf.tile(tf.reshape(expertise, [batch, 1, 1, -1]), [1, height, width, 1]) as tf.Tensor4D;
    const condition = conv(pass, names.condition, spread);
    return convLstmStep(pass, names.gates, features, { hidden: condition, cell: condition }).hidden;
  });
}
