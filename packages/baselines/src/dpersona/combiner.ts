import * as tf from '@tensorflow/tfjs';
import { type Blueprint, convBlanks } from '../network/blueprint.js';
import { orthogonal, truncatedNormal } from '../network/fillings.js';
import { conv } from '../network/layers.js';
import { type Pass, parameter } from '../network/pass.js';
import { latentSize } from './gaussian-encoder.js';

/** Channels of the feature map the combiner reads. */
export const featureWidth = 16;

/** The parameters of {@link combine}: `fcomb.layers.0`, `.2`, `.4`, `fcomb.last_layer`. */
export function combinerBlanks(): Blueprint {
  const fillings = { weight: orthogonal, bias: truncatedNormal(0.001) };
  return {
    ...convBlanks('fcomb.layers.0', 1, featureWidth + latentSize, featureWidth, fillings),
    ...convBlanks('fcomb.layers.2', 1, featureWidth, featureWidth, fillings),
    ...convBlanks('fcomb.layers.4', 1, featureWidth, featureWidth, fillings),
    ...convBlanks('fcomb.last_layer', 1, featureWidth, 1, fillings),
  };
}

/**
 * Features and points of the latent space to one logit map a point: the point is spread over the map beside the
 * features, then three 1x1 convolutions with relu and one without.
 *
 * The first convolution is taken apart: features and point are each multiplied with their rows of the kernel, so
 * features pass it once however many points there are.
 *
 * @param features [B, H, W, 16]
 * @param points [B, S, D]
 * @returns [B, H, W, S]
 */
export function combine(pass: Pass, features: tf.Tensor4D, points: tf.Tensor3D): tf.Tensor4D {
  return tf.tidy(() => {
    const [, samples] = points.shape;
    const kernel = parameter<tf.Tensor4D>(pass, 'fcomb.layers.0.weight');
    const own = { 'of.features.weight': tf.slice(kernel, [0, 0, 0, 0], [-1, -1, featureWidth, -1]) };
    const ofFeatures = conv({ ...pass, parameters: own }, 'of.features', features);
    const ofPoint = tf.reshape(tf.slice(kernel, [0, 0, featureWidth, 0]), [-1, kernel.shape[3]]) as tf.Tensor2D;
    const shifts = Array.from({ length: samples }, (_, sample) => {
      const point = tf.squeeze(tf.slice(points, [0, sample, 0], [-1, 1, -1]), [1]) as tf.Tensor2D;
      return tf.add(tf.matMul(point, ofPoint), parameter(pass, 'fcomb.layers.0.bias'));
    });
    const maps = shifts.map((shift) => {
      const spread = tf.expandDims(tf.expandDims(shift, 1), 1);
      let x = tf.relu(tf.add(ofFeatures, spread)) as tf.Tensor4D;
      for (const layer of [2, 4]) x = tf.relu(conv(pass, `fcomb.layers.${layer}`, x));
      return conv(pass, 'fcomb.last_layer', x);
    });
    return tf.concat(maps, 3) as tf.Tensor4D;
  });
}
