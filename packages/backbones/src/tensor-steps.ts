import {
  batchNormEval,
  batchNormTrain,
  conv2d,
  maxPool2d,
  type ParameterRecord,
  updateRunningStatistics,
  WeightsError,
} from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import type { Steps } from './steps.js';

/** A parameter by name. @throws WeightsError where it is absent. */
export function parameter<T extends tf.Tensor>(parameters: ParameterRecord, name: string): T {
  const tensor = parameters[name];
  if (tensor === undefined) throw new WeightsError(`the parameter ${name} is missing.`);
  return tensor as T;
}

/** Steps that compute on tensors, differentiably, and the running statistics they leave behind in training. */
export function tensorSteps(
  parameters: ParameterRecord,
  training: boolean,
): { readonly steps: Steps<tf.Tensor>; readonly statistics: Record<string, tf.Tensor> } {
  const statistics: Record<string, tf.Tensor> = {};
  const get = <T extends tf.Tensor>(name: string): T => parameter(parameters, name);
  const steps: Steps<tf.Tensor> = {
    convNorm(x, step, residual) {
      const vector = (name: string): tf.Tensor1D => get(`${step.norm}.${name}`);
      // One scope a step, so that a training pass holds no more than its gradient needs.
      const { y, mean, variance } = tf.tidy(() => {
        const convolved = conv2d(x as tf.Tensor4D, get(step.conv), {
          strides: step.stride,
          dilation: step.dilation,
          padding: step.padding,
        });
        const options = {
          relu: step.relu,
          ...(residual !== undefined && { residual: residual as tf.Tensor4D }),
        };
        const running = { mean: vector('running_mean'), variance: vector('running_var') };
        if (!training) {
          return { y: batchNormEval(convolved, vector('weight'), vector('bias'), running, options) as tf.Tensor };
        }
        const { y, ...batch } = batchNormTrain(convolved, vector('weight'), vector('bias'), options);
        return { y: y as tf.Tensor, ...updateRunningStatistics(running, batch, y.size / y.shape[3]) };
      }) as { y: tf.Tensor; mean?: tf.Tensor; variance?: tf.Tensor };
      if (mean !== undefined) statistics[`${step.norm}.running_mean`] = mean;
      if (variance !== undefined) statistics[`${step.norm}.running_var`] = variance;
      return y;
    },
    head: (x, { weight, size }) => conv2d(x as tf.Tensor4D, get(weight), { padding: (size - 1) / 2 }),
    maxPool: (x) => maxPool2d(x as tf.Tensor4D, { size: 3, stride: 2, padding: 1 }),
    mean: (x) => tf.mean(x, [1, 2]),
    linear: (x, name) =>
      tf.tidy(() => tf.add(tf.matMul(x as tf.Tensor2D, get(`${name}.weight`), false, true), get(`${name}.bias`))),
    free: (x) => x.dispose(),
  };
  return { steps, statistics };
}
