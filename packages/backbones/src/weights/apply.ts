import { createRandom, type ParameterRecord, type Random, WeightsError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import type { Encoder } from '../encoder.js';
import { initParameter } from '../parameters.js';
import type { WeightArray, Weights } from './array.js';
import { shapeOnDisk, toMemory } from './layout.js';

/** How arrays are matched with parameters. */
export interface ApplyOptions {
  /** What precedes a parameter's name in the file, such as `encoder.`; nothing unless given. */
  readonly prefix?: string;
  /** Whether a missing or surplus array is an error, as it is unless this is false. */
  readonly strict?: boolean;
}

/** What was loaded, and what the file and the model do not share. */
export interface Applied {
  /** All parameters; the caller owns every tensor, loaded or not. */
  readonly parameters: ParameterRecord;
  /** Parameters the file has no array for. */
  readonly missing: readonly string[];
  /** Arrays the model has no parameter for, by their names in the file. */
  readonly surplus: readonly string[];
}

type Shapes = Readonly<Record<string, { readonly shape: readonly number[] }>>;

/** Counters of torch's batch normalisation, of no use where momentum is fixed. */
const isCounter = (name: string): boolean => name.endsWith('num_batches_tracked');

/**
 * Matches names and shapes.
 *
 * @throws WeightsError naming every array that is misshapen and, if strict, every missing and surplus one; where all are
 * missing, a few names of both sides.
 */
export function matchArrays<T extends { readonly shape: readonly number[] }>(
  shapes: Shapes,
  weights: ReadonlyMap<string, T>,
  { prefix = '', strict = true }: ApplyOptions,
): {
  readonly found: ReadonlyMap<string, T>;
  readonly missing: readonly string[];
  readonly surplus: readonly string[];
} {
  const found = new Map<string, T>();
  const surplus: string[] = [];
  const faults: string[] = [];
  for (const [name, array] of weights) {
    const parameter = name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
    if (parameter !== undefined && Object.hasOwn(shapes, parameter)) {
      const expected = shapeOnDisk(shapes[parameter]!.shape);
      if (expected.join() === array.shape.join()) found.set(parameter, array);
      else faults.push(`${name} has shape [${array.shape}] where the model has [${expected}]`);
    } else if (!isCounter(name)) {
      surplus.push(name);
    }
  }
  const missing = Object.keys(shapes).filter((name) => !found.has(name) && !weights.has(`${prefix}${name}`));
  if (strict && missing.length > 0 && missing.length === Object.keys(shapes).length) {
    const wanted = missing.map((name) => `${prefix}${name} [${shapeOnDisk(shapes[name]!.shape)}]`);
    const there = [...weights].map(([name, { shape }]) => `${name} [${shape}]`);
    throw new WeightsError(
      `the weights do not fit the model: none of its ${missing.length} arrays is there. ` +
        `The model has ${firstFew(wanted)}; the file has ${firstFew(there)}`,
      { remedy: 'Rename the arrays, or is this the file of another model?' },
    );
  }
  if (strict) {
    for (const name of missing) faults.push(`${prefix}${name} [${shapeOnDisk(shapes[name]!.shape)}] is missing`);
    for (const name of surplus) faults.push(`${name} [${weights.get(name)!.shape}] is surplus`);
  }
  if (faults.length > 0) throw new WeightsError(describe(faults), { remedy: 'Is this the file of another model?' });
  return { found, missing, surplus };
}

function firstFew(names: readonly string[]): string {
  if (names.length === 0) return 'no arrays.';
  return names.length > 3 ? `${names.slice(0, 3).join(', ')}, ...` : `${names.join(', ')}.`;
}

function describe(faults: readonly string[]): string {
  const shown = faults.slice(0, 8).join('; ');
  return `the weights do not fit the model: ${shown}${faults.length > 8 ? `; and ${faults.length - 8} more` : ''}.`;
}

/** An array of a file as a tensor, kernels turned. */
export function toTensor(array: WeightArray): tf.Tensor {
  const { shape, data } = toMemory(array);
  // The backend keeps what it is given, so a view of the file must be copied.
  const own = data instanceof Float32Array && data !== array.data ? data : new Float32Array(data);
  return tf.tensor(own, [...shape], 'float32');
}

/**
 * Puts the arrays of a weights file in the place of parameters of the same names. Kernels turn from torch's layout to
 * ours; `num_batches_tracked` is passed over.
 *
 * @returns new tensors for all parameters; those without an array are copies. The old ones stay the caller's.
 * @throws WeightsError naming every misshapen array with both shapes and, if strict, every missing and surplus one.
 */
export function applyWeights(parameters: ParameterRecord, weights: Weights, options: ApplyOptions = {}): Applied {
  const { found, missing, surplus } = matchArrays(parameters, weights, options);
  const entries = Object.entries(parameters).map(([name, tensor]): [string, tf.Tensor] => {
    const array = found.get(name);
    return [name, array === undefined ? tf.clone(tensor) : toTensor(array)];
  });
  return { parameters: Object.fromEntries(entries), missing, surplus };
}

/**
 * Builds an encoder's parameters from a weights file, and draws only those the file lacks: faster than
 * {@link applyWeights} on fresh parameters.
 *
 * @param random where missing parameters come from if not strict; seed 0 unless given.
 * @throws WeightsError as {@link applyWeights} does.
 */
export function loadParameters(
  encoder: Pick<Encoder, 'specs'>,
  weights: Weights,
  options: ApplyOptions & { readonly random?: Random } = {},
): Applied {
  const { found, missing, surplus } = matchArrays(encoder.specs, weights, options);
  const random = options.random ?? createRandom(0);
  const entries = Object.entries(encoder.specs).map(([name, spec]): [string, tf.Tensor] => {
    const array = found.get(name);
    return [name, array === undefined ? initParameter(name, spec, random) : toTensor(array)];
  });
  return { parameters: Object.fromEntries(entries), missing, surplus };
}
