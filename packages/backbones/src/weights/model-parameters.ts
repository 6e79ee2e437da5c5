import { addPrefix, type Backbone, createRandom, encoderPrefix, type Model, type ParameterRecord } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import type { ParameterSpecs } from '../parameters.js';
import { type ApplyOptions, matchArrays, toTensor } from './apply.js';
import type { Weights } from './array.js';

/** Shapes of parameters in memory, by name. */
export type ParameterShapes = Readonly<Record<string, { readonly shape: readonly number[] }>>;

/**
 * Names and shapes of a model's parameters, in the order of `initModel`. Encoders of this package tell theirs; others
 * draw theirs to be asked.
 */
export function modelShapes({ backbone, method }: Model): ParameterShapes {
  const { channels } = backbone;
  const { specs } = backbone as Backbone & { readonly specs?: ParameterSpecs };
  const shapes = (parameters: ParameterRecord): ParameterShapes =>
    Object.fromEntries(Object.entries(parameters).map(([name, { shape }]) => [name, { shape }]));
  return tf.tidy(() => {
    const random = createRandom(0);
    const own = {
      ...method.init({ channels, random }),
      ...method.calibrator?.init({ channels, random }),
    };
    const encoder =
      specs === undefined
        ? shapes(addPrefix(backbone.init(random), encoderPrefix))
        : Object.fromEntries(Object.entries(specs).map(([name, spec]) => [`${encoderPrefix}${name}`, spec]));
    return { ...encoder, ...shapes(own) } as never;
  }) as ParameterShapes;
}

/**
 * The arrays of a weights file as parameters of these shapes, without drawing any; the caller owns the tensors.
 *
 * @throws WeightsError naming every missing, surplus and misshapen array.
 */
export function takeParameters(
  shapes: ParameterShapes,
  weights: Weights,
  { prefix = '' }: Pick<ApplyOptions, 'prefix'> = {},
): ParameterRecord {
  const { found } = matchArrays(shapes, weights, { prefix });
  return Object.fromEntries(Object.keys(shapes).map((name) => [name, toTensor(found.get(name)!)]));
}
