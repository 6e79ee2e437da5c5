import type { ParameterRecord, Random } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { type Blueprint, drawParameters, shapesOf } from './blueprint.js';
import { type Pass, type PassOptions, startPass } from './pass.js';

/** A network as a value: parameters are handed in, nothing is kept between two calls. */
export interface Network<Inputs, Outputs> {
  /** Shape of every parameter by name. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Fresh parameters and buffers; the caller owns them. */
  init(random: Random): ParameterRecord;
  /**
   * @returns the outputs, and in training the new running statistics, which replace the buffers of the same names.
   */
  apply(
    parameters: ParameterRecord,
    inputs: Inputs,
    options: PassOptions,
  ): { readonly outputs: Outputs; readonly statistics: ParameterRecord };
}

/** A network from what its parameters are and what it computes. */
export function defineNetwork<Inputs, Outputs>(
  blueprint: Blueprint,
  run: (pass: Pass, inputs: Inputs) => Outputs,
): Network<Inputs, Outputs> {
  return {
    shapes: shapesOf(blueprint),
    init: (random) => drawParameters(blueprint, random),
    apply: (parameters, inputs, options) =>
      tf.tidy(() => {
        const pass = startPass(parameters, options);
        return { outputs: run(pass, inputs), statistics: pass.statistics } as never;
      }),
  };
}
