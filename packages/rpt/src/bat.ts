import { type ParameterRecord, type Random, ShapeError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import type { Dropout } from './dropout.js';
import { gelu, layerNorm, linear } from './layers.js';

/** Heads of the self-attention. */
export const heads = 3;

/** Added to regions unlike the query before the softmax. */
const penalty = -10_000;

/** How a block is run. */
export interface BatContext {
  readonly parameters: ParameterRecord;
  readonly dropout: Dropout;
  readonly random: Random;
}

/**
 * The bias-alleviated transformer block (RPT): search and filter, self-attention among the regions, feed-forward. All
 * iterations share its parameters.
 *
 * @param regions [N, C]
 * @param query coarse query prototype [1, C]
 * @returns [N, C]
 * @throws WeightsError where a parameter is missing.
 */
export function biasAlleviatedBlock(regions: tf.Tensor2D, query: tf.Tensor2D, context: BatContext): tf.Tensor2D {
  const { parameters } = context;
  return tf.tidy(() => {
    const searched = tf.add(searchAndFilter(regions, query), regions) as tf.Tensor2D;
    const attended = regionAttention(layerNorm(searched, parameters, 'layer_norm'), context);
    const hidden = gelu(linear(attended, parameters, 'MLP.mlp.0'));
    const moved = tf.add(linear(hidden, parameters, 'MLP.mlp.2'), attended) as tf.Tensor2D;
    return layerNorm(moved, parameters, 'MLP.norm');
  });
}

/**
 * What each region takes from the query: its share of a softmax over the regions' raw products with the query, regions
 * below half the sum of the least and the mean product (rounded down) filtered out. -> [N, C]
 */
export function searchAndFilter(regions: tf.Tensor2D, query: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const products = tf.reshape(tf.matMul(regions, query, false, true), [-1]);
    const shares = tf.softmax(tf.add(products, filterOf(products)));
    return tf.matMul(tf.expandDims(shares, 1), query) as tf.Tensor2D;
  });
}

/** The penalty of each region; no gradient passes through a comparison. */
const filterOf = tf.customGrad((products) => {
  const x = products as tf.Tensor;
  const floor = tf.floor(tf.div(tf.add(tf.min(x), tf.mean(x)), 2));
  const value = tf.mul(tf.cast(tf.less(x, floor), 'float32'), penalty);
  return { value, gradFunc: (dy) => tf.zerosLike(dy) };
});

/**
 * Self-attention among the regions: queries, keys and values each pass a ReLU, and so does the result before it is
 * added to the input and normalised.
 *
 * @param x [N, C]
 * @throws ShapeError where the projections do not split into heads.
 */
export function regionAttention(x: tf.Tensor2D, { parameters, dropout, random }: BatContext): tf.Tensor2D {
  return tf.tidy(() => {
    const ofHeads = (name: string): tf.Tensor3D => {
      const projected = tf.relu(linear(x, parameters, name));
      const [count, width] = projected.shape;
      if (width % heads !== 0) throw new ShapeError(`rpt: ${name} gives ${width} numbers, no multiple of ${heads}.`);
      return tf.transpose(tf.reshape(projected, [count, heads, width / heads]), [1, 0, 2]) as tf.Tensor3D;
    };
    const keys = ofHeads('MHA.w_ks');
    const scores = tf.div(tf.matMul(ofHeads('MHA.w_qs'), keys, false, true), Math.sqrt(keys.shape[2]));
    const weights = dropout(tf.softmax(scores), random);
    const mixed = tf.transpose(tf.matMul(weights, ofHeads('MHA.w_vs')), [1, 0, 2]);
    const joined = linear(tf.reshape(mixed, [x.shape[0], -1]), parameters, 'MHA.fc');
    const result = tf.add(tf.relu(dropout(joined, random)), x) as tf.Tensor2D;
    return layerNorm(result, parameters, 'MHA.layer_norm');
  });
}
