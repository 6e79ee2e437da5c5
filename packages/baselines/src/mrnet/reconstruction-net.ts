import { resizeBilinear } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import {
  type Blueprint,
  convBlanks,
  normBlanks,
  plainConvBlanks,
  slopeBlank,
  transposedBlanks,
} from '../network/blueprint.js';
import { bilinear, normal } from '../network/fillings.js';
import { conv, convNorm, prelu, transposedConv } from '../network/layers.js';
import { defineNetwork, type Network } from '../network/network.js';
import { type Pass, parameter } from '../network/pass.js';
import { asppBlanks, asppCascade } from './aspp.js';
import type { RatersAndClasses } from './coarse-net.js';
import { injectExpertise, injectionBlanks } from './conv-lstm.js';
import { smallFillings, vggBlanks, vggEncoder } from './vgg-encoder.js';

const injection = { condition: 'conv_c', gates: 'CONVLSTMcell.Gates' } as const;

/** What the reconstruction network reads. */
export interface ReconstructionInputs {
  /** [B, H, W, 3], normalised. */
  readonly images: tf.Tensor4D;
  /** The coarse network's logits [B, H, W, K], without gradient in training. */
  readonly coarse: tf.Tensor4D;
  /** [B, R] */
  readonly expertise: tf.Tensor2D;
}

/** What it says. */
export interface ReconstructionOutputs {
  /** Logits of every rater [B, H, W, R, K]. */
  readonly raters: tf.Tensor5D;
  /** The six levels of its encoder, the joined input first; MRNet compares them in a loss without effect. */
  readonly levels: readonly tf.Tensor4D[];
}

/** Sizes of the reconstruction network. */
export interface ReconstructionOptions extends RatersAndClasses {
  /** Channels of its first block, a multiple of 4; 64 as in the published program unless given. */
  readonly width?: number;
}

/**
 * MRNet's second network: from image and coarse prediction back to what each rater drew.
 *
 * Parameters: `conv_f`, VGG-16's, `conv_c`, `CONVLSTMcell.Gates`, `up1`, `aspp1`, ..., `pred1` to `predR`, as in the
 * published checkpoints.
 *
 * @see Ji et al., MRNet, CVPR 2021, section 3.3.
 */
export function reconstructionNet(
  options: ReconstructionOptions,
): Network<ReconstructionInputs, ReconstructionOutputs> {
  const { raters, classes, width = 64 } = options;
  return defineNetwork(blanks(raters, classes, width), (pass, inputs) => reconstruct(pass, inputs, raters, classes));
}

function blanks(raters: number, classes: number, width: number): Blueprint {
  const [deep, wide, narrow] = [8 * width, 4 * width, (3 * width) / 4];
  const heads = Array.from({ length: raters }, (_, rater) =>
    convBlanks(`pred${rater + 1}`, 1, wide, classes, smallFillings),
  );
  return Object.assign(
    {
      ...convBlanks('conv_f', 3, 3 + classes, 3, smallFillings),
      ...vggBlanks(3, width),
      ...injectionBlanks(injection, raters, deep, smallFillings),
      ...transposedBlanks('up1', deep, deep, { weight: bilinear }),
      ...asppBlanks(deep, wide),
      ...plainConvBlanks('conv2', 1, wide, narrow, normal(0.01)),
      ...normBlanks('bn2', narrow),
      ...plainConvBlanks('last_conv.0', 3, wide + narrow, wide, normal(0.01)),
      ...normBlanks('last_conv.1', wide),
      ...plainConvBlanks('last_conv.3', 3, wide, wide, normal(0.01)),
      ...normBlanks('last_conv.4', wide),
      ...slopeBlank('last_conv.5'),
    },
    ...heads,
  ) as Blueprint;
}

function reconstruct(
  pass: Pass,
  { images, coarse, expertise }: ReconstructionInputs,
  raters: number,
  classes: number,
): ReconstructionOutputs {
  const [batch, height, width] = images.shape;
  const joined = conv(pass, 'conv_f', tf.concat([images, coarse], 3));
  const { levels, low } = vggEncoder(pass, joined);
  const deep = injectExpertise(pass, injection, levels.at(-1)!, expertise);
  const pooled = asppCascade(pass, transposedConv(pass, 'up1', deep));
  const wide = resizeBilinear(pooled, [low.shape[1], low.shape[2]], { alignCorners: true });
  const fine = convNorm(pass, 'conv2', 'bn2', low, { relu: true });
  let x = tf.concat([wide, fine], 3) as tf.Tensor4D;
  x = convNorm(pass, 'last_conv.0', 'last_conv.1', x, { relu: true });
  x = prelu(pass, 'last_conv.5', convNorm(pass, 'last_conv.3', 'last_conv.4', x));
  // A 1x1 convolution and resizing may change places; so only K R maps are resized, not all channels.
  const logits = resizeBilinear(heads(pass, x, raters), [height, width], { alignCorners: true });
  return { raters: tf.reshape(logits, [batch, height, width, raters, classes]), levels: [joined, ...levels] };
}

function heads(pass: Pass, x: tf.Tensor4D, raters: number): tf.Tensor4D {
  const all = (part: string, axis: number): tf.Tensor =>
    tf.concat(
      Array.from({ length: raters }, (_, rater) => parameter<tf.Tensor>(pass, `pred${rater + 1}.${part}`)),
      axis,
    );
  const own = { ...pass, parameters: { 'heads.weight': all('weight', 3), 'heads.bias': all('bias', 0) } };
  return conv(own, 'heads', x);
}
