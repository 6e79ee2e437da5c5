import { type ClassName, type ParameterRecord, type Random, ShapeError, WeightsError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { project } from './projection.js';

/** The prefix of the network's parameters in the published program; a class and a layer follow. */
export const residualMlpPrefix = 'cls_unit.residual_mlp_';

/** One linear layer as torch stores it. */
export interface LinearLayer {
  /** [out, in] */
  readonly weight: tf.Tensor2D;
  /** [out] */
  readonly bias: tf.Tensor1D;
}

/** What the residual network works on. */
export interface ResidualMlpInputs {
  /** P [N, D]. */
  readonly prototypes: tf.Tensor2D;
  /** What each is compared with, [1, D] or [N, D]: see {@link consensusRows}. */
  readonly references: tf.Tensor2D;
  /** The first takes 2 D channels, the last gives D. */
  readonly layers: readonly LinearLayer[];
}

/**
 * The published program's alternative to its gate, off there by default: `P~ = P + MLP([p0 ; P - p0])`, with a rectifier
 * between layers. Prototypes do not meet, but unlike the gate this one can turn them.
 *
 * @returns [N, D]
 * @throws ShapeError where the layers do not fit the prototypes.
 */
export function residualMlp({ prototypes, references, layers }: ResidualMlpInputs): tf.Tensor2D {
  const [count, channels] = prototypes.shape;
  if (![1, count].includes(references.shape[0]) || references.shape[1] !== channels) {
    throw new ShapeError(`prototypes [${prototypes.shape}] cannot be compared with [${references.shape}].`);
  }
  return tf.tidy(() => {
    const rows = references.shape[0] === count ? references : tf.tile(references, [count, 1]);
    let values: tf.Tensor2D = tf.concat([rows, tf.sub(prototypes, rows)], 1);
    for (const [index, { weight, bias }] of layers.entries()) {
      values = project(index === 0 ? values : tf.relu(values), weight, bias);
    }
    if (values.shape[1] !== channels) {
      throw new ShapeError(`the last layer gives ${values.shape[1]} channels to prototypes of ${channels}.`);
    }
    return tf.add(prototypes, values);
  });
}

/** Places of the linear layers among rectifiers, as the published names count them. */
const places = [0, 2, 4] as const;
const shortNames = { foreground: 'fg', background: 'bg' } as const satisfies Record<ClassName, string>;

/** The network of a class begins with this; prototypes of a further width, at another level, have one of their own. */
export function residualMlpName(prefix: string, className: ClassName, width?: number): string {
  return `${prefix}${shortNames[className]}.${width === undefined ? '' : `${width}.`}`;
}

/** What follows the prefix in a name: a class, a width where there is one, a layer. */
const ownNames = /^(?:fg|bg)\.(?:\d+\.)?[024]\.(?:weight|bias)$/;

/** Whether a parameter is one that the networks with this prefix may have. */
export function isResidualMlpParameter(prefix: string, name: string): boolean {
  return name.startsWith(prefix) && ownNames.test(name.slice(prefix.length));
}

/** Fresh layers 2 D -> D -> D -> D: as linear layers of PyTorch, the last one zero, so that nothing changes at first. */
export function initResidualMlp(channels: number, random: Random): ParameterRecord {
  const layers = places.map((place, index): [string, tf.Tensor][] => {
    const inputs = index === 0 ? 2 * channels : channels;
    const bound = index === places.length - 1 ? 0 : 1 / Math.sqrt(inputs);
    const own = random.fork(String(place));
    const draw = (length: number) => Float32Array.from({ length }, () => own.uniform(-bound, bound));
    return [
      [`${place}.weight`, tf.tensor2d(draw(channels * inputs), [channels, inputs])],
      [`${place}.bias`, tf.tensor1d(draw(channels))],
    ];
  });
  return Object.fromEntries(layers.flat());
}

/**
 * The layers for prototypes of a class.
 *
 * @throws WeightsError where there are none of this width.
 */
export function findResidualMlp(
  parameters: ParameterRecord,
  prefix: string,
  className: ClassName,
  channels: number,
): LinearLayer[] {
  const candidates = [residualMlpName(prefix, className), residualMlpName(prefix, className, channels)];
  const found = candidates.find((name) => parameters[`${name}${places[0]}.weight`]?.shape[1] === 2 * channels);
  if (found === undefined) {
    throw new WeightsError(`no ${candidates[0]}${places[0]}.weight for prototypes of ${channels} channels.`, {
      remedy: 'Take parameters from initModel, or from a checkpoint of the same backbone and method.',
    });
  }
  return places.map((place) => {
    const [weight, bias] = (['weight', 'bias'] as const).map((kind) => {
      const value = parameters[`${found}${place}.${kind}`];
      if (value === undefined) throw new WeightsError(`${found}${place}.${kind} is missing.`);
      return value;
    });
    return { weight: weight as tf.Tensor2D, bias: bias as tf.Tensor1D };
  });
}
