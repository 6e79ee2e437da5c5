import type * as tf from '@tensorflow/tfjs';
import { type Blueprint, transposedBlanks } from '../network/blueprint.js';
import { cropTo, transposedConv } from '../network/layers.js';
import type { Pass } from '../network/pass.js';
import type { EncodedImages } from '../network/tapped-encoder.js';
import { injectExpertise, injectionBlanks } from './conv-lstm.js';
import { upBlock, upBlockBlanks } from './up-block.js';

/** Names of the expertise injection in published checkpoints of the coarse network. */
const injection = { condition: 'conv', gates: 'CONVLSTMcell.Gates' } as const;

/** Sizes of a coarse network's decoder. */
export interface CoarseSizes {
  readonly raters: number;
  readonly classes: number;
  /** Channels of the deepest map. */
  readonly bottom: number;
  /** Channels of the skips, coarsest first. */
  readonly skips: readonly number[];
  /** Channels after every up block, even. */
  readonly width: number;
}

/** What a coarse network says. */
export interface CoarseOutputs {
  /** [B, H, W, K] */
  readonly logits: tf.Tensor4D;
  /** The last map of the decoder, at half the image's size [B, H / 2, W / 2, C]. */
  readonly features: tf.Tensor4D;
}

/** The parameters of {@link decodeCoarse}: `conv`, `CONVLSTMcell.Gates`, `up1`, `up2`, ... */
export function decoderBlanks({ raters, classes, bottom, skips, width }: CoarseSizes): Blueprint {
  const blocks = skips.map((skip, index) => upBlockBlanks(`up${index + 1}`, index === 0 ? bottom : width, skip, width));
  const last = skips.length === 0 ? bottom : width;
  return Object.assign(
    injectionBlanks(injection, raters, bottom),
    ...blocks,
    transposedBlanks(`up${skips.length + 1}`, last, classes),
  ) as Blueprint;
}

/**
 * The decoder of MRNet's coarse network: expertise into the deepest map, one up block a skip, logits by a transposed
 * convolution.
 *
 * @param size rows and columns of the image
 * @see Ji et al., MRNet, CVPR 2021, section 3.2.
 */
export function decodeCoarse(
  pass: Pass,
  { bottom, skips }: EncodedImages,
  expertise: tf.Tensor2D,
  size: readonly [number, number],
): CoarseOutputs {
  let x = injectExpertise(pass, injection, bottom, expertise);
  for (const [index, skip] of skips.entries()) x = upBlock(pass, `up${index + 1}`, x, skip);
  return { logits: cropTo(transposedConv(pass, `up${skips.length + 1}`, x), size), features: x };
}
