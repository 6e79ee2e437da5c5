import { type ClassName, type ParameterRecord, type Random, WeightsError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** The prefix of the calibrator's parameters in the published checkpoints. */
export const attentionPrefix = 'cls_unit.proto_attention.';

/** The paper's 256 x 256 weights a projection, spent anew where prototypes are wider or narrower. */
const weightsOfAProjection = 256 * 256;

/** Columns of a projection that keep the paper's number of weights, at most D: 256 at D = 256, 128 at D = 512. */
export function defaultProjectionWidth(channels: number): number {
  return Math.max(1, Math.min(channels, Math.floor(weightsOfAProjection / channels)));
}

/** The two layers of a class: Wq [d, D], Wk [d, D] and their biases [d], where there are any. */
export interface Projections {
  readonly queryWeight: tf.Tensor2D;
  readonly keyWeight: tf.Tensor2D;
  readonly queryBias: tf.Tensor1D | undefined;
  readonly keyBias: tf.Tensor1D | undefined;
}

/**
 * How the projections start.
 *
 * - `'torch'`: as a linear layer of PyTorch, uniform in ±1/sqrt(D), biases 0; the scores of unit prototypes then stay
 *   near 0, every prototype attends to all alike, and all calibrated prototypes are nearly their mean.
 * - `'similarity'`: Wq = Wk so that scores start as `sharpness <P_i, P_j - p0>`: each prototype attends to those that
 *   resemble it. Where d < D the products are those of random signed sums, right on average.
 */
export type Initialisation = 'torch' | 'similarity';

/** What decides the values of fresh projections. */
export interface ProjectionInit {
  /** D. */
  readonly channels: number;
  /** d. */
  readonly width: number;
  readonly initialisation: Initialisation;
  /** Of `'similarity'`. */
  readonly sharpness: number;
  readonly bias: boolean;
  readonly random: Random;
}

/** Fresh projections under their names `q.weight`, `k.weight` and, with biases, `q.bias`, `k.bias`. */
export function initProjections(inputs: ProjectionInit): ParameterRecord {
  const { channels, width, bias, random } = inputs;
  const layer = (name: 'q' | 'k'): [string, tf.Tensor][] => {
    const values =
      inputs.initialisation === 'similarity'
        ? similarityWeights(inputs)
        : uniformWeights(channels, width, random.fork(name));
    const weight: [string, tf.Tensor] = [`${name}.weight`, tf.tensor2d(values, [width, channels])];
    return bias ? [weight, [`${name}.bias`, tf.zeros([width])]] : [weight];
  };
  return Object.fromEntries([...layer('q'), ...layer('k')]);
}

function uniformWeights(channels: number, width: number, random: Random): Float32Array {
  const bound = 1 / Math.sqrt(channels);
  return Float32Array.from({ length: width * channels }, () => random.uniform(-bound, bound));
}

/** Channel c goes to column c mod d with a random sign: the identity up to signs where d = D. */
function similarityWeights({ channels, width, sharpness, random }: ProjectionInit): Float32Array {
  // Scores are divided by sqrt(d) later, so each of Wq and Wk carries the root of sharpness sqrt(d).
  const size = Math.sqrt(sharpness * Math.sqrt(width));
  // The same stream for Wq and Wk, or signs would not cancel.
  const signs = random.fork('signs');
  const values = new Float32Array(width * channels);
  for (let channel = 0; channel < channels; channel++) {
    values[(channel % width) * channels + channel] = signs.chance(0.5) ? size : -size;
  }
  return values;
}

/** Where projections of a class and a number of channels are found. */
export interface ProjectionPlace {
  readonly prefix: string;
  readonly className: ClassName;
  readonly channels: number;
  readonly bias: boolean;
}

/**
 * The prefixes under which projections are stored. The first number of channels uses the published names; prototypes
 * of another width, at a further level, need matrices of their own.
 */
export function projectionPrefix(prefix: string, className: ClassName | undefined, channels?: number): string {
  return `${prefix}${className === undefined ? '' : `${className}.`}${channels === undefined ? '' : `${channels}.`}`;
}

/** What follows the prefix in a name: a class and a width where there are such, a projection; or the residual's gain. */
const ownNames = /^(?:(?:(?:background|foreground)\.)?(?:\d+\.)?[qk]\.(?:weight|bias)|gain)$/;

/** Whether a parameter is one that an attention with this prefix may have, whatever its options. */
export function isAttentionParameter(prefix: string, name: string): boolean {
  return name.startsWith(prefix) && ownNames.test(name.slice(prefix.length));
}

/**
 * Finds the projections for prototypes of a class: separate ones of the class where the record has them, else shared.
 *
 * @throws WeightsError where there are none of this width.
 */
export function findProjections(parameters: ParameterRecord, place: ProjectionPlace): Projections {
  const { prefix, className, channels, bias } = place;
  const candidates = [className, undefined].flatMap((name) => [
    projectionPrefix(prefix, name),
    projectionPrefix(prefix, name, channels),
  ]);
  const found = candidates.find((candidate) => parameters[`${candidate}q.weight`]?.shape[1] === channels);
  if (found === undefined) {
    throw new WeightsError(`no ${prefix}q.weight for prototypes of ${channels} channels.`, {
      remedy: 'Take parameters from initModel, or from a checkpoint of the same backbone and method.',
    });
  }
  const tensor = (name: string): tf.Tensor => {
    const value = parameters[`${found}${name}`];
    if (value === undefined) throw new WeightsError(`${found}${name} is missing.`);
    return value;
  };
  return {
    queryWeight: tensor('q.weight') as tf.Tensor2D,
    keyWeight: tensor('k.weight') as tf.Tensor2D,
    queryBias: bias ? (tensor('q.bias') as tf.Tensor1D) : undefined,
    keyBias: bias ? (tensor('k.bias') as tf.Tensor1D) : undefined,
  };
}
