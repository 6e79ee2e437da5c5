import type { Random } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import type { Gaussian } from './gaussian-encoder.js';

/**
 * Kullback-Leibler divergence of diagonal normal distributions, summed over dimensions: how far `posterior` is from
 * `prior`. [B]
 */
export function klDivergence(posterior: Gaussian, prior: Gaussian): tf.Tensor1D {
  return tf.tidy(() => {
    const ratio = tf.log(tf.div(prior.deviation, posterior.deviation));
    const distance = tf.add(tf.square(posterior.deviation), tf.square(tf.sub(posterior.mean, prior.mean)));
    const spread = tf.div(distance, tf.mul(tf.square(prior.deviation), 2));
    return tf.sum(tf.sub(tf.add(ratio, spread), 0.5), 1) as tf.Tensor1D;
  });
}

/**
 * Reparameterised samples, mean + deviation times normal noise, differentiable in both.
 *
 * @returns [B, samples, D]
 */
export function sampleGaussian({ mean, deviation }: Gaussian, samples: number, random: Random): tf.Tensor3D {
  return tf.tidy(() => {
    const [batch, size] = mean.shape;
    const noise = Float32Array.from({ length: batch * samples * size }, () => random.normal());
    const spread = tf.mul(tf.expandDims(deviation, 1), tf.tensor3d(noise, [batch, samples, size]));
    return tf.add(tf.expandDims(mean, 1), spread) as tf.Tensor3D;
  });
}
