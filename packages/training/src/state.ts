import { initModel, type Model, type ParameterRecord } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** Everything a training run needs to go on, apart from plan, data and seed. The owner disposes it. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  readonly parameters: ParameterRecord;
  /** SGD velocities by parameter; parameters that never had a gradient have none. */
  readonly velocity: ParameterRecord;
}

/** The state before the first step. */
export function initialState(model: Model, seed: number | string): TrainingState {
  return { step: 0, parameters: initModel(model, seed), velocity: {} };
}

/** Frees every tensor of a state. */
export function disposeState({ parameters, velocity }: TrainingState): void {
  tf.dispose([Object.values(parameters), Object.values(velocity)]);
}
