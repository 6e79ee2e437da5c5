import * as tf from '@tensorflow/tfjs';
import { type Blueprint, convBlanks } from '../network/blueprint.js';
import { kaimingNormal, normal, truncatedNormal } from '../network/fillings.js';
import { conv } from '../network/layers.js';
import type { Pass } from '../network/pass.js';
import { avgPoolCeil } from '../network/pool.js';

/** Dimensions of the latent space. */
export const latentSize = 6;

/** Diagonal normal distributions, one an image [B, D]. */
export interface Gaussian {
  readonly mean: tf.Tensor2D;
  readonly deviation: tf.Tensor2D;
}

const widths = [16, 32, 64, 128, 256] as const;
const depth = 3;

/** Position of a convolution in the published sequence of convolutions, relus and poolings. */
const place = (stage: number, layer: number): number => stage * (2 * depth + 1) + 2 * layer;

/** The parameters of {@link gaussianEncoder}: `name.encoder.layers.0` to `.32`, `name.conv_layer`. */
export function gaussianBlanks(name: string, inputs: number): Blueprint {
  const parts: Blueprint[] = [];
  let channels = inputs;
  for (const [stage, width] of widths.entries()) {
    for (let layer = 0; layer < depth; layer++) {
      const at = `${name}.encoder.layers.${place(stage, layer)}`;
      parts.push(
        convBlanks(at, 3, channels, width, { weight: kaimingNormal(3, channels), bias: truncatedNormal(0.001) }),
      );
      channels = width;
    }
  }
  const last = convBlanks(`${name}.conv_layer`, 1, channels, 2 * latentSize, {
    weight: kaimingNormal(1, channels),
    bias: normal(1),
  });
  return Object.assign({}, ...parts, last) as Blueprint;
}

/**
 * Images to normal distributions over the latent space: five stages of three 3x3 convolutions with relu, the mean over
 * positions, and a 1x1 convolution to means and logarithms of standard deviations.
 *
 * @param x [B, H, W, C]: the image for the prior, image and all masks for the posterior
 * @see Kohl et al., A Probabilistic U-Net, NeurIPS 2018.
 */
export function gaussianEncoder(pass: Pass, name: string, x: tf.Tensor4D): Gaussian {
  return tf.tidy(() => {
    let map = x;
    for (const stage of widths.keys()) {
      if (stage > 0) map = avgPoolCeil(map);
      for (let layer = 0; layer < depth; layer++) {
        map = tf.relu(conv(pass, `${name}.encoder.layers.${place(stage, layer)}`, map));
      }
    }
    const pooled = tf.mean(map, [1, 2], true) as tf.Tensor4D;
    const both = tf.reshape(conv(pass, `${name}.conv_layer`, pooled), [-1, 2 * latentSize]);
    const mean = tf.slice(both, [0, 0], [-1, latentSize]);
    return { mean, deviation: tf.exp(tf.slice(both, [0, latentSize], [-1, latentSize])) } as never;
  });
}
