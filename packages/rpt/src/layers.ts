import { differentiable, type ParameterRecord, WeightsError } from '@fsmr/core';
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
 * Layer normalisation over the channels, variance by N, epsilon 1e-5. Its gradient is in closed form (Ba, Kiros and
 * Hinton 2016), a third of the operations of the chain rule.
 *
 * @param x [N, C]
 * @throws WeightsError where `<name>.weight` or `<name>.bias` is missing.
 */
export function layerNorm(x: tf.Tensor2D, parameters: ParameterRecord, name: string): tf.Tensor2D {
  const weight = parameter(parameters, `${name}.weight`);
  const bias = parameter(parameters, `${name}.bias`);
  const [y] = differentiable({
    inputs: { x, weight, bias },
    forward: (save) => {
      const centred = tf.sub(x, tf.mean(x, 1, true));
      const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), 1, true), normEpsilon));
      const standard = tf.div(centred, deviation);
      save([standard, deviation, weight]);
      return [tf.add(tf.mul(standard, weight), bias)];
    },
    backward: ([dy], [standard, deviation, scale]) => ({
      x: () => {
        const dstandard = tf.mul(dy!, scale!);
        const along = tf.mul(standard!, tf.mean(tf.mul(dstandard, standard!), 1, true));
        return tf.div(tf.sub(tf.sub(dstandard, tf.mean(dstandard, 1, true)), along), deviation!);
      },
      weight: () => tf.sum(tf.mul(dy!, standard!), 0),
      bias: () => tf.sum(dy!, 0),
    }),
  });
  return y as tf.Tensor2D;
}

/** One over the root of 2 pi. */
const normalPeak = 1 / Math.sqrt(2 * Math.PI);

/** The exact Gaussian error linear unit, x Φ(x); its slope is Φ(x) + x φ(x). */
export function gelu(x: tf.Tensor2D): tf.Tensor2D {
  const [y] = differentiable({
    inputs: { x },
    forward: (save) => {
      const mass = tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
      save([x, mass]);
      return [tf.mul(x, mass)];
    },
    backward: ([dy], [at, mass]) => ({
      x: () => {
        const density = tf.mul(tf.exp(tf.mul(tf.square(at!), -0.5)), normalPeak);
        return tf.mul(dy!, tf.add(mass!, tf.mul(at!, density)));
      },
    }),
  });
  return y as tf.Tensor2D;
}
