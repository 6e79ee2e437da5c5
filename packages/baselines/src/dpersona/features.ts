import type { Encoder } from '@fsmr/backbones';
import type { ParameterRecord } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { type Blueprint, drawParameters, normBlanks, plainConvBlanks, shapesOf } from '../network/blueprint.js';
import { normal } from '../network/fillings.js';
import { convNorm, cropTo, doubleNearest } from '../network/layers.js';
import { type Pass, type PassOptions, startPass } from '../network/pass.js';
import { type OnEncoder, tapEncoder } from '../network/tapped-encoder.js';
import { featureWidth } from './combiner.js';

/** The part of D-Persona that images pass first. */
export interface FeatureNet extends OnEncoder {
  /** @returns 16 channels at the image's own size [B, H, W, 16]. */
  apply(
    parameters: ParameterRecord,
    images: tf.Tensor4D,
    options: PassOptions,
  ): { readonly features: tf.Tensor4D; readonly statistics: ParameterRecord };
}

/**
 * A U-Net on an encoder of `@fsmr/backbones` (spec section 11.5): from its features up to the image's size, each step
 * doubling by the nearest pixel, joining the encoder's map of that size, and two 3x3 convolutions with batch
 * normalisation and relu. Channels are 16 at full size and double with every halving.
 *
 * Parameters: the encoder's below `encoder.`, `decoder.0.conv1`, `decoder.0.bn1`, `decoder.0.conv2`, ...
 */
export function sharedFeatureNet(encoder: Encoder): FeatureNet {
  const tapped = tapEncoder(encoder, (name) => `encoder.${name}`);
  const steps = tapped.skips.length + 1;
  const widths = Array.from({ length: steps }, (_, step) => featureWidth * 2 ** (steps - 1 - step));
  const blanks: Blueprint = Object.assign(
    {},
    ...widths.map((width, step) => {
      const inputs = (widths[step - 1] ?? tapped.bottom) + (tapped.skips[step] ?? 0);
      return stepBlanks(`decoder.${step}`, inputs, width);
    }),
  );
  return {
    shapes: { ...tapped.shapes, ...shapesOf(blanks) },
    init: (random, trained) => ({
      ...tapped.init(random.fork('encoder'), trained),
      ...drawParameters(blanks, random),
    }),
    apply: (parameters, images, options) =>
      tf.tidy(() => {
        const { outputs, statistics } = tapped.encode(parameters, images, options);
        const pass = startPass(parameters, options);
        const size = [images.shape[1], images.shape[2]] as const;
        let x = outputs.bottom;
        for (const step of widths.keys()) x = climb(pass, `decoder.${step}`, x, outputs.skips[step], size);
        return { features: x, statistics: { ...statistics, ...pass.statistics } } as never;
      }),
  };
}

function stepBlanks(name: string, inputs: number, width: number): Blueprint {
  const he = (channels: number) => normal(Math.sqrt(2 / (9 * channels)));
  return {
    ...plainConvBlanks(`${name}.conv1`, 3, inputs, width, he(inputs)),
    ...normBlanks(`${name}.bn1`, width),
    ...plainConvBlanks(`${name}.conv2`, 3, width, width, he(width)),
    ...normBlanks(`${name}.bn2`, width),
  };
}

function climb(
  pass: Pass,
  name: string,
  deep: tf.Tensor4D,
  skip: tf.Tensor4D | undefined,
  size: readonly [number, number],
): tf.Tensor4D {
  const up = cropTo(doubleNearest(deep), skip === undefined ? size : [skip.shape[1], skip.shape[2]]);
  const joined = skip === undefined ? up : (tf.concat([up, skip], 3) as tf.Tensor4D);
  const first = convNorm(pass, `${name}.conv1`, `${name}.bn1`, joined, { relu: true });
  return convNorm(pass, `${name}.conv2`, `${name}.bn2`, first, { relu: true });
}
