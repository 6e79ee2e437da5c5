import { type Encoder, resnetTrunk } from '@fsmr/backbones';
import type { ParameterRecord, Random } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { drawParameters } from '../network/blueprint.js';
import type { Network } from '../network/network.js';
import { type PassOptions, startPass } from '../network/pass.js';
import { type EncodedImages, type TappedEncoder, tapEncoder } from '../network/tapped-encoder.js';
import { type CoarseOutputs, type CoarseSizes, decodeCoarse, decoderBlanks } from './coarse-decoder.js';

/** What the coarse network reads. */
export interface CoarseInputs {
  /** [B, H, W, 3], normalised. */
  readonly images: tf.Tensor4D;
  /** [B, R] */
  readonly expertise: tf.Tensor2D;
}

/** What its decoder reads. */
export interface DecodeInputs {
  readonly encoded: EncodedImages;
  readonly expertise: tf.Tensor2D;
  /** Rows and columns of the image. */
  readonly size: readonly [number, number];
}

/** Outputs, and in training the new running statistics. */
export interface WithStatistics<Outputs> {
  readonly outputs: Outputs;
  readonly statistics: ParameterRecord;
}

/** MRNet's first network; encoding and decoding can be had apart, so that many expertise vectors share one encoding. */
export interface CoarseNet extends Network<CoarseInputs, CoarseOutputs> {
  /** Channels of {@link CoarseOutputs.features}. */
  readonly width: number;
  /** @param encoder trained parameters of the encoder under its own names, copied; drawn where absent. */
  init(random: Random, encoder?: ParameterRecord): ParameterRecord;
  encode(parameters: ParameterRecord, images: tf.Tensor4D, options: PassOptions): WithStatistics<EncodedImages>;
  decode(parameters: ParameterRecord, inputs: DecodeInputs, options: PassOptions): WithStatistics<CoarseOutputs>;
}

/** How many raters a network tells apart, and how many sigmoid channels it has. */
export interface RatersAndClasses {
  readonly raters: number;
  readonly classes: number;
}

/**
 * The coarse network as published: a ResNet-34 down to a 32nd of the image, four up blocks of 256 channels.
 *
 * Parameters: `rn.0.weight` to `rn.7.2.*`, `conv`, `CONVLSTMcell.Gates`, `up1` to `up5`, as in its checkpoints (which
 * also hold `up_c1` and `up_c2`, used nowhere).
 *
 * @see Ji et al., MRNet, CVPR 2021, section 3.2.
 */
export function publishedCoarseNet({ raters, classes }: RatersAndClasses): CoarseNet {
  const trunk = resnetTrunk({ block: 'basic', blocks: [3, 4, 6, 3], dilated: [false, false, false] }, 'resnet34');
  // The stem and the stages as children of a sequence; its third and fourth are relu and pooling.
  const place = (name: string): string =>
    `rn.${name
      .replace(/^conv1\b/, '0')
      .replace(/^bn1\b/, '1')
      .replace(/^layer(\d)/, (_, stage: string) => String(Number(stage) + 3))}`;
  return join(tapEncoder(trunk, place), { raters, classes, width: 256 });
}

/** Sizes of {@link sharedCoarseNet}. */
export interface SharedCoarseOptions extends RatersAndClasses {
  readonly encoder: Encoder;
  /** Channels after every up block, even; as many as the encoder's features have unless given. */
  readonly width?: number;
}

/**
 * The coarse network on an encoder of `@fsmr/backbones`: its features take the place of the deepest map, its inner maps
 * down to half the image are the skips.
 *
 * Parameters: the encoder's below `encoder.`, the others named as in {@link publishedCoarseNet}.
 */
export function sharedCoarseNet({ encoder, raters, classes, width }: SharedCoarseOptions): CoarseNet {
  const tapped = tapEncoder(encoder, (name) => `encoder.${name}`);
  return join(tapped, { raters, classes, width: width ?? tapped.bottom });
}

function join(tapped: TappedEncoder, own: Omit<CoarseSizes, 'bottom' | 'skips'>): CoarseNet {
  const blanks = decoderBlanks({ ...own, bottom: tapped.bottom, skips: tapped.skips });
  const shapes = Object.entries(blanks).map(([name, { shape }]) => [name, shape] as const);
  const decode: CoarseNet['decode'] = (parameters, { encoded, expertise, size }, options) =>
    tf.tidy(() => {
      const pass = startPass(parameters, options);
      return { outputs: decodeCoarse(pass, encoded, expertise, size), statistics: pass.statistics } as never;
    });
  return {
    width: own.width,
    shapes: { ...tapped.shapes, ...Object.fromEntries(shapes) },
    init: (random, encoder) => ({
      ...tapped.init(random.fork('encoder'), encoder),
      ...drawParameters(blanks, random),
    }),
    encode: tapped.encode,
    decode,
    apply: (parameters, { images, expertise }, options) =>
      tf.tidy(() => {
        const { outputs: encoded, statistics } = tapped.encode(parameters, images, options);
        const size = [images.shape[1], images.shape[2]] as const;
        const decoded = decode(parameters, { encoded, expertise, size }, options);
        return { outputs: decoded.outputs, statistics: { ...statistics, ...decoded.statistics } } as never;
      }),
  };
}
