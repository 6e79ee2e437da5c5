import { type ParameterRecord, WeightsError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

const normEpsilon = 1e-5;

function parameter(parameters: ParameterRecord, name: string): tf.Tensor {
  const tensor = parameters[name];
  if (tensor !== undefined) return tensor;
  throw new WeightsError(`rpt: the parameter ${name} is missing.`, {
    remedy: 'Start from the parameters that `init` gives.',
  });
}

/**
 * A linear layer whose matrix is [out, in], as PyTorch keeps it.
 *
 * @param x [N, in]
 * @returns [N, out]
 * @throws WeightsError where `<name>.weight` or `<name>.bias` is missing.
 */
export function linear(x: tf.Tensor2D, parameters: ParameterRecord, name: string): tf.Tensor2D {
  const weight = parameter(parameters, `${name}.weight`) as tf.Tensor2D;
  return tf.tidy(() => tf.add(tf.matMul(x, weight, false, true), parameter(parameters, `${name}.bias`)) as tf.Tensor2D);
}

/**
 * Layer normalisation over the channels, variance by N, epsilon 1e-5.
 *
 * @param x [N, C]
 * @throws WeightsError where `<name>.weight` or `<name>.bias` is missing.
 */
export function layerNorm(x: tf.Tensor2D, parameters: ParameterRecord, name: string): tf.Tensor2D {
  return tf.tidy(() => {
    const { mean, variance } = tf.moments(x, 1, true);
    const standard = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, normEpsilon)));
    return tf.add(
      tf.mul(standard, parameter(parameters, `${name}.weight`)),
      parameter(parameters, `${name}.bias`),
    ) as tf.Tensor2D;
  });
}

/** The exact Gaussian error linear unit, x Φ(x). */
export function gelu(x: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => tf.mul(tf.mul(0.5, x), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2)))) as tf.Tensor2D);
}
