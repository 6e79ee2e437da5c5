import type { ParameterRecord, Random } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { constant, type Filling, uniform } from './fillings.js';

/** Shape in memory and first values of a parameter. */
export interface Blank {
  readonly shape: readonly number[];
  readonly filling: Filling;
}

/** What the parameters of a network are, by name. */
export type Blueprint = Readonly<Record<string, Blank>>;

/** Shapes by name, of whatever knows them. */
export function shapesOf(
  named: Readonly<Record<string, { readonly shape: readonly number[] }>>,
): Readonly<Record<string, readonly number[]>> {
  return Object.fromEntries(Object.entries(named).map(([name, { shape }]) => [name, shape]));
}

/** Fresh parameters; each depends on the seed and its name alone. The caller owns them. */
export function drawParameters(blueprint: Blueprint, random: Random): ParameterRecord {
  return Object.fromEntries(
    Object.entries(blueprint).map(([name, { shape, filling }]) => {
      const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
      filling(values, shape, random.fork(name));
      return [name, tf.tensor(values, [...shape], 'float32')];
    }),
  );
}

/** How kernels and biases are filled; PyTorch's default for convolutions where absent. */
export interface ConvFillings {
  readonly weight?: Filling;
  readonly bias?: Filling;
}

/** A convolution: `name.weight` [size, size, in, out] and `name.bias`, both with PyTorch's default fillings. */
export function convBlanks(
  name: string,
  size: number,
  inputs: number,
  outputs: number,
  { weight, bias }: ConvFillings = {},
): Blueprint {
  const standard = uniform(1 / Math.sqrt(size * size * inputs));
  return {
    [`${name}.weight`]: { shape: [size, size, inputs, outputs], filling: weight ?? standard },
    [`${name}.bias`]: { shape: [outputs], filling: bias ?? standard },
  };
}

/** A convolution without bias. */
export function plainConvBlanks(
  name: string,
  size: number,
  inputs: number,
  outputs: number,
  weight?: Filling,
): Blueprint {
  const filling = weight ?? uniform(1 / Math.sqrt(size * size * inputs));
  return { [`${name}.weight`]: { shape: [size, size, inputs, outputs], filling } };
}

/** A transposed 2x2 convolution of stride 2: `name.weight` [2, 2, out, in] and `name.bias`. */
export function transposedBlanks(
  name: string,
  inputs: number,
  outputs: number,
  { weight, bias }: ConvFillings = {},
): Blueprint {
  // PyTorch counts the outputs as the fan of a transposed convolution.
  const standard = uniform(1 / Math.sqrt(4 * outputs));
  return {
    [`${name}.weight`]: { shape: [2, 2, outputs, inputs], filling: weight ?? standard },
    [`${name}.bias`]: { shape: [outputs], filling: bias ?? standard },
  };
}

/** A batch normalisation. */
export function normBlanks(name: string, channels: number): Blueprint {
  const shape = [channels];
  return {
    [`${name}.weight`]: { shape, filling: constant(1) },
    [`${name}.bias`]: { shape, filling: constant(0) },
    [`${name}.running_mean`]: { shape, filling: constant(0) },
    [`${name}.running_var`]: { shape, filling: constant(1) },
  };
}

/** The one slope of a PReLU. */
export function slopeBlank(name: string): Blueprint {
  return { [`${name}.weight`]: { shape: [1], filling: constant(0.25) } };
}
