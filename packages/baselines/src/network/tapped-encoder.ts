import { applyWithTaps, type Encoder, encoderTaps } from '@fsmr/backbones';
import { ConfigError, type ParameterRecord, type Random } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import type { PassOptions } from './pass.js';

/** What an encoder hands to a decoder. */
export interface EncodedImages {
  /** The deepest map after relu [B, h, w, C]. */
  readonly bottom: tf.Tensor4D;
  /** Finer maps, coarsest first, each twice the size of the one before. */
  readonly skips: readonly tf.Tensor4D[];
}

/** An encoder as the first part of a network with skip connections. */
export interface TappedEncoder {
  /** Channels of the deepest map. */
  readonly bottom: number;
  /** Channels of the skips, coarsest first. */
  readonly skips: readonly number[];
  /** Shapes of the parameters under their names in the whole network. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  init(random: Random): ParameterRecord;
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
    shapes: renamed(Object.fromEntries(Object.entries(encoder.specs).map(([name, { shape }]) => [name, shape]))),
    init: (random) => renamed(encoder.init(random)),
    encode: (parameters, images, options) =>
      tf.tidy(() => {
        const own = Object.fromEntries(names.map(([inner, name]) => [inner, parameters[name]!]));
        const { features, taps: skips, statistics } = applyWithTaps(encoder, own, images, taps, options);
        const outputs = { bottom: tf.relu(features.maps.at(-1)!), skips: [...skips] };
        return { outputs, statistics: renamed(statistics) } as never;
      }),
  };
}
