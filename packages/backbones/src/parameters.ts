import type { ParameterRecord, Random } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** How a fresh parameter is filled. */
export type Filling =
  | { readonly kind: 'constant'; readonly value: number }
  /** Normal with standard deviation sqrt(2 / (outputs kh kw)), as torchvision fills ResNets. */
  | { readonly kind: 'he' }
  /** Uniform between -b and b, b = 1 / sqrt(fan), PyTorch's default for convolutions and linear layers. */
  | { readonly kind: 'uniform'; readonly fan: number };

/** Shape (in memory: convolution kernels [kh, kw, in, out]) and first value of a parameter. */
export interface ParameterSpec {
  readonly shape: readonly number[];
  readonly filling: Filling;
}

/** What a model's parameters are, by name, in the order they are saved. */
export type ParameterSpecs = Readonly<Record<string, ParameterSpec>>;

/** A convolution kernel that torchvision fills for the relu after it. */
export function heKernel(size: number, inputs: number, outputs: number): ParameterSpec {
  return { shape: [size, size, inputs, outputs], filling: { kind: 'he' } };
}

/** A convolution kernel with PyTorch's default filling. */
export function defaultKernel(size: number, inputs: number, outputs: number): ParameterSpec {
  return { shape: [size, size, inputs, outputs], filling: { kind: 'uniform', fan: size * size * inputs } };
}

/** The four parameters of a batch normalisation. */
export function normSpecs(name: string, channels: number): ParameterSpecs {
  const constant = (value: number): ParameterSpec => ({ shape: [channels], filling: { kind: 'constant', value } });
  return {
    [`${name}.weight`]: constant(1),
    [`${name}.bias`]: constant(0),
    [`${name}.running_mean`]: constant(0),
    [`${name}.running_var`]: constant(1),
  };
}

/** Weight [out, in] and bias [out] of a linear layer with PyTorch's default filling. */
export function linearSpecs(name: string, inputs: number, outputs: number): ParameterSpecs {
  const filling: Filling = { kind: 'uniform', fan: inputs };
  return { [`${name}.weight`]: { shape: [outputs, inputs], filling }, [`${name}.bias`]: { shape: [outputs], filling } };
}

/** Whether a parameter is a running statistic, which no optimiser moves. */
export function isBuffer(name: string): boolean {
  return name.endsWith('.running_mean') || name.endsWith('.running_var');
}

/** One fresh parameter. Its values depend on the seed and its name alone, not on what else the model holds. */
export function initParameter(name: string, { shape, filling }: ParameterSpec, random: Random): tf.Tensor {
  const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  if (filling.kind === 'constant') {
    values.fill(filling.value);
  } else if (filling.kind === 'he') {
    const stream = random.fork(name);
    const deviation = Math.sqrt(2 / (shape[0]! * shape[1]! * shape[3]!));
    for (let i = 0; i < values.length; i++) values[i] = deviation * stream.normal();
  } else {
    const stream = random.fork(name);
    const bound = 1 / Math.sqrt(filling.fan);
    for (let i = 0; i < values.length; i++) values[i] = stream.uniform(-bound, bound);
  }
  return tf.tensor(values, [...shape], 'float32');
}

/** All parameters fresh; the caller owns them. */
export function initParameters(specs: ParameterSpecs, random: Random): ParameterRecord {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, initParameter(name, spec, random)]));
}
