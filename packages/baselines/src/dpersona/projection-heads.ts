import type { Random } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { type Blueprint, convBlanks } from '../network/blueprint.js';
import { kaimingNormal, truncatedNormal } from '../network/fillings.js';
import { conv } from '../network/layers.js';
import type { Pass } from '../network/pass.js';
import { avgPoolFloor } from '../network/pool.js';
import { featureWidth } from './combiner.js';
import { latentSize } from './gaussian-encoder.js';

const widths = [32, 16, latentSize] as const;
/** Layers of a stage in the published sequence: convolution, relu, dropout, convolution, relu, pooling. */
const stageLayers = 6;
const dropoutRate = 0.1;

const nameOf = (head: number, layer: number): string => `proj_heads.multi_expert_heads.${head}.layers.${layer}`;

// As the published program fills them, and the encoders of the latent space: with smaller weights the questions are so
// short that every rater starts at the middle of the bank.
const headConv = (name: string, inputs: number, outputs: number): Blueprint =>
  convBlanks(name, 3, inputs, outputs, { weight: kaimingNormal(3, inputs), bias: truncatedNormal(0.001) });

/** The parameters of R heads: `proj_heads.multi_expert_heads.0.layers.0`, `.3`, `.6`, `.9`, `.12`, `.15`, ... */
export function headBlanks(raters: number): Blueprint {
  const heads = Array.from({ length: raters }, (_, head) =>
    widths.map((width, stage) => ({
      ...headConv(nameOf(head, stage * stageLayers), widths[stage - 1] ?? featureWidth, width),
      ...headConv(nameOf(head, stage * stageLayers + 3), width, width),
    })),
  );
  return Object.assign({}, ...heads.flat()) as Blueprint;
}

/** Whether a parameter belongs to a projection head, the only ones stage 2 moves. */
export const isHead = (name: string): boolean => name.startsWith('proj_heads.');

/** How a head runs. */
export interface HeadOptions {
  /** Zeros around every map; 1 keeps sizes, 3 is what the published program has. */
  readonly padding: 1 | 3;
  /** Draws which channels dropout takes; no dropout where absent. */
  readonly random?: Random;
}

/**
 * What one rater asks the latent space for: three stages of two 3x3 convolutions with relu, dropout of channels between
 * them, and the mean over positions.
 *
 * @param features [B, H, W, 16]
 * @param head the rater's position
 * @returns [B, D], not negative
 */
export function projectionHead(
  pass: Pass,
  features: tf.Tensor4D,
  head: number,
  { padding, random }: HeadOptions,
): tf.Tensor2D {
  return tf.tidy(() => {
    let x = features;
    for (const stage of widths.keys()) {
      if (stage > 0) x = avgPoolFloor(x);
      x = tf.relu(conv(pass, nameOf(head, stage * stageLayers), x, { padding }));
      if (random !== undefined) x = dropChannels(x, random);
      x = tf.relu(conv(pass, nameOf(head, stage * stageLayers + 3), x, { padding }));
    }
    return tf.mean(x, [1, 2]) as tf.Tensor2D;
  });
}

function dropChannels(x: tf.Tensor4D, random: Random): tf.Tensor4D {
  const [batch, , , channels] = x.shape;
  const kept = Float32Array.from({ length: batch * channels }, () =>
    random.chance(dropoutRate) ? 0 : 1 / (1 - dropoutRate),
  );
  return tf.mul(x, tf.tensor4d(kept, [batch, 1, 1, channels]));
}

/**
 * The point of the latent space a rater's question meets: attention over a bank of samples, weights the softmax of
 * plain products.
 *
 * @param question [B, D]
 * @param bank [B, N, D]
 * @returns [B, D]
 */
export function attendBank(question: tf.Tensor2D, bank: tf.Tensor3D): tf.Tensor2D {
  return tf.tidy(() => {
    const scores = tf.sum(tf.mul(bank, tf.expandDims(question, 1)), 2);
    const weights = tf.expandDims(tf.softmax(scores), 2);
    return tf.sum(tf.mul(bank, weights), 1) as tf.Tensor2D;
  });
}
