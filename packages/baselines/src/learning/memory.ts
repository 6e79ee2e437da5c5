import { encodeSafetensors, parseSafetensors, takeParameters, toWeights } from '@fsmr/backbones';
import { type ParameterRecord, WeightsError } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import type { Trained } from './adam.js';

/** Keeps what networks learn, so that training goes on after an interruption and is done once. */
export interface LearningMemory {
  /** What learning depends on that this package cannot see, such as where the encoder's parameters come from. */
  readonly identity: string;
  /** Milliseconds between two writes at least, but for the last; every epoch is written unless given. */
  readonly pause?: number;
  /**
   * What `decode` makes of what was kept last under a name; undefined where nothing was. To its errors the place may be
   * added.
   */
  read<Value>(name: string, decode: (bytes: Uint8Array) => Value): Promise<Value | undefined>;
  /** @param finished whether nothing is left to learn */
  write(name: string, bytes: Uint8Array, finished: boolean): Promise<void>;
}

/** A training between two epochs. */
export interface Progress {
  /** Epochs done. */
  readonly epoch: number;
  readonly trained: Trained;
}

const format = 'fsmr-learned-1';
const [firstPrefix, secondPrefix] = ['optimizer.first.', 'optimizer.second.'];

/**
 * A training as the bytes of one safetensors file: parameters under their own names, so that other programs can read
 * them, Adam's moments behind prefixes.
 *
 * @param identity says which training this is; {@link decodeProgress} refuses another.
 */
export function encodeProgress({ epoch, trained }: Progress, identity: string): Uint8Array {
  const moments = Object.entries(trained.moments);
  const [first, second] = (['first', 'second'] as const).map((key) =>
    Object.fromEntries(moments.map(([name, moment]) => [name, moment[key]])),
  ) as [ParameterRecord, ParameterRecord];
  const arrays = new Map([
    ...toWeights(trained.parameters),
    ...toWeights(first, firstPrefix),
    ...toWeights(second, secondPrefix),
  ]);
  const steps = Object.fromEntries(moments.map(([name, moment]) => [name, moment.steps]));
  return encodeSafetensors(arrays, { format, epoch: String(epoch), steps: JSON.stringify(steps), identity });
}

/**
 * The training that bytes hold; it goes on from there bit for bit. The caller owns the tensors.
 *
 * @param shapes of the network's parameters
 * @throws WeightsError for damaged bytes, another training, or another network.
 */
export function decodeProgress(
  bytes: Uint8Array,
  shapes: Readonly<Record<string, readonly number[]>>,
  identity: string,
): Progress {
  const { weights, metadata } = parseSafetensors(bytes);
  const remedy = 'Delete it to learn again.';
  if (metadata.get('format') !== format) throw new WeightsError('does not hold what a baseline learned.', { remedy });
  if (metadata.get('identity') !== identity) {
    throw new WeightsError('was learned with other settings or from other data.', { remedy });
  }
  const steps = JSON.parse(metadata.get('steps')!) as Readonly<Record<string, number>>;
  const arrays = [...weights];
  const isMoment = (name: string): boolean => name.startsWith(firstPrefix) || name.startsWith(secondPrefix);
  const under = (prefix: string) => new Map(arrays.filter(([name]) => name.startsWith(prefix)));
  const all = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape }]));
  const moved = Object.fromEntries(Object.keys(steps).map((name) => [name, all[name]!]));
  return tf.tidy(() => {
    const parameters = takeParameters(all, new Map(arrays.filter(([name]) => !isMoment(name))));
    const first = takeParameters(moved, under(firstPrefix), { prefix: firstPrefix });
    const second = takeParameters(moved, under(secondPrefix), { prefix: secondPrefix });
    const moments = Object.fromEntries(
      Object.entries(steps).map(([name, count]) => [
        name,
        { steps: count, first: first[name]!, second: second[name]! },
      ]),
    );
    return { epoch: Number(metadata.get('epoch')), trained: { parameters, moments } } as never;
  }) as Progress;
}
