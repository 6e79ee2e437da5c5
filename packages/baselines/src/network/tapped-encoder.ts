import { applyWithTaps, type Encoder, encoderTaps } from '@fsmr/backbones';
import { ConfigError, type ParameterRecord, type Random, WeightsError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { shapesOf } from './blueprint.js';
import type { PassOptions } from './pass.js';

/** What an encoder hands to a decoder. */
export interface EncodedImages {
  /** The deepest map after relu [B, h, w, C]. */
  readonly bottom: tf.Tensor4D;
  /** Finer maps, coarsest first, each twice the size of the one before. */
  readonly skips: readonly tf.Tensor4D[];
}

/** Parameters of a network that stands on an encoder. */
export interface OnEncoder {
  /** Shapes of the parameters under their names in the whole network. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** @param trained the encoder's values to begin with, under its own names; copied. Drawn where absent. */
  init(random: Random, trained?: ParameterRecord): ParameterRecord;
}

/** An encoder as the first part of a network with skip connections. */
export interface TappedEncoder extends OnEncoder {
  /** Channels of the deepest map. */
  readonly bottom: number;
  /** Channels of the skips, coarsest first. */
  readonly skips: readonly number[];
  /** @param parameters of the whole network */
  encode(
    parameters: ParameterRecord,
    images: tf.Tensor4D,
    options: PassOptions,
  ): { readonly outputs: EncodedImages; readonly statistics: ParameterRecord };
}

/**
 * Taps an encoder at every resolution finer than its features.
 *
 * @param rename the name in the whole network of a parameter of the encoder
 * @throws ConfigError where the encoder's resolutions do not halve down from half the image.
 */
export function tapEncoder(encoder: Encoder, rename: (name: string) => string): TappedEncoder {
  const stride = encoder.strides.at(-1)!;
  const taps = encoderTaps(encoder)
    .filter((tap) => tap.stride < stride)
    .reverse();
  taps.forEach((tap, index) => {
    if (tap.stride * 2 ** (index + 1) !== stride) {
      throw new ConfigError(`the encoder ${encoder.name} skips a resolution above stride ${tap.stride}.`);
    }
  });
  if (taps.at(-1)?.stride !== 2) {
    throw new ConfigError(`the encoder ${encoder.name} has no map at half the image's size, which decoders end on.`);
  }
  const names = Object.keys(encoder.specs).map((name) => [name, rename(name)] as const);
  const outer = new Map(names);
  const renamed = <Value>(record: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [outer.get(name)!, value]));
  return {
    bottom: encoder.channels.at(-1)!,
    skips: taps.map(({ channels }) => channels),
    shapes: renamed(shapesOf(encoder.specs)),
    init: (random, trained) => renamed(trained === undefined ? encoder.init(random) : copyOf(encoder, trained)),
    encode: (parameters, images, options) =>
      tf.tidy(() => {
        const own = Object.fromEntries(names.map(([inner, name]) => [inner, parameters[name]!]));
        const { features, taps: skips, statistics } = applyWithTaps(encoder, own, images, taps, options);
        const outputs = { bottom: tf.relu(features.maps.at(-1)!), skips: [...skips] };
        return { outputs, statistics: renamed(statistics) } as never;
      }),
  };
}

/** The encoder's parameters out of a record, copied. @throws WeightsError where one is missing. */
export function copyOf({ name, specs }: Pick<Encoder, 'name' | 'specs'>, trained: ParameterRecord): ParameterRecord {
  const missing = Object.keys(specs).find((parameter) => trained[parameter] === undefined);
  if (missing !== undefined) {
    throw new WeightsError(`the parameter ${missing} of the encoder ${name} is missing.`, {
      remedy: "Give the encoder's parameters under its own names, without a prefix.",
    });
  }
  return Object.fromEntries(Object.keys(specs).map((parameter) => [parameter, tf.clone(trained[parameter]!)]));
}
