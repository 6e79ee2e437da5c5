import * as tf from '@tensorflow/tfjs';
import { type Blueprint, convBlanks, normBlanks, slopeBlank, transposedBlanks } from '../network/blueprint.js';
import { constant, given, normal } from '../network/fillings.js';
import { conv, convNorm, cropTo, norm, prelu, transposedConv } from '../network/layers.js';
import { defineNetwork, type Network } from '../network/network.js';
import { type Pass, parameter } from '../network/pass.js';
import { attentionKernel, attentionKernelSize, raterUncertainty, softAttention } from './soft-attention.js';

/** What the refinement network reads, all without gradient in training. */
export interface RefinementInputs {
  /** The coarse network's feature map [B, h, w, C]. */
  readonly features: tf.Tensor4D;
  /** Its logits [B, 2 h, 2 w, K]. */
  readonly coarse: tf.Tensor4D;
  /** The reconstruction network's logits [B, 2 h, 2 w, R, K]. */
  readonly raters: tf.Tensor5D;
}

/** Sizes of the refinement network. */
export interface RefinementOptions {
  /** K, sigmoid channels. */
  readonly classes: number;
  /** Channels of the coarse network's feature map. */
  readonly inputs: number;
  /** Channels inside, 64 in the published program. */
  readonly width: number;
}

/**
 * MRNet's third network: looks where the coarse prediction and the raters' disagreement point.
 *
 * Parameters: `conv_block.0` to `.8`, `Soft.gaussian_kernel`, `pred`, as in the published checkpoints.
 *
 * @returns a network whose output is logits [B, 2 h, 2 w, K].
 * @see Ji et al., MRNet, CVPR 2021, section 3.3.
 */
export function refinementNet({ classes, inputs, width }: RefinementOptions): Network<RefinementInputs, tf.Tensor4D> {
  return defineNetwork(blanks(classes, inputs, width), refine);
}

function blanks(classes: number, inputs: number, width: number): Blueprint {
  const small = { weight: normal(0.01), bias: constant(0) };
  return {
    ...transposedBlanks('conv_block.0', inputs, width),
    ...normBlanks('conv_block.1', width),
    ...slopeBlank('conv_block.2'),
    ...convBlanks('conv_block.3', 3, width, width, small),
    ...normBlanks('conv_block.4', width),
    ...slopeBlank('conv_block.5'),
    ...convBlanks('conv_block.6', 3, width, width, small),
    ...normBlanks('conv_block.7', width),
    ...slopeBlank('conv_block.8'),
    ...convBlanks('pred', 3, 2 * classes * width, classes, small),
    'Soft.gaussian_kernel': {
      shape: [attentionKernelSize, attentionKernelSize, 1, 1],
      filling: given(attentionKernel()),
    },
  };
}

function refine(pass: Pass, { features, coarse, raters }: RefinementInputs): tf.Tensor4D {
  const [, height, width, classes] = coarse.shape;
  let x = cropTo(transposedConv(pass, 'conv_block.0', features), [height, width]);
  x = prelu(pass, 'conv_block.2', norm(pass, 'conv_block.1', x));
  for (const layer of [3, 6]) {
    x = convNorm(pass, `conv_block.${layer}`, `conv_block.${layer + 1}`, x);
    x = prelu(pass, `conv_block.${layer + 2}`, x);
  }
  const kernel = parameter<tf.Tensor4D>(pass, 'Soft.gaussian_kernel');
  const attended = [tf.sigmoid(coarse), raterUncertainty(raters)].flatMap((maps) =>
    // The published program puts its last class (the cup) first.
    Array.from({ length: classes }, (_, back) => {
      const map = tf.slice(maps as tf.Tensor4D, [0, 0, 0, classes - 1 - back], [-1, -1, -1, 1]);
      return tf.add(softAttention(map, x, kernel), x);
    }),
  );
  return conv(pass, 'pred', tf.concat(attended, 3) as tf.Tensor4D);
}
