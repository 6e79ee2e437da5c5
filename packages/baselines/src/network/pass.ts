import { type ParameterRecord, WeightsError } from '@fsmr/core';
import type * as tf from '@tensorflow/tfjs';

/** One run of a network: its parameters, and in training the running statistics it leaves behind. */
export interface Pass {
  readonly parameters: ParameterRecord;
  readonly training: boolean;
  /** Filled while the network runs; replaces the buffers of the same names. */
  readonly statistics: Record<string, tf.Tensor>;
}

/** Whether batch normalisation uses the batch's own statistics. */
export interface PassOptions {
  readonly training: boolean;
}

/** A run that has not computed anything yet. */
export function startPass(parameters: ParameterRecord, { training }: PassOptions): Pass {
  return { parameters, training, statistics: {} };
}

/** A parameter by name. @throws WeightsError where it is absent. */
export function parameter<T extends tf.Tensor>({ parameters }: Pass, name: string): T {
  const found = parameters[name];
  if (found === undefined) throw new WeightsError(`the parameter ${name} is missing.`);
  return found as T;
}
