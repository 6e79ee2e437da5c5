/**
 * Seeded random numbers: the same seed gives the same sequence on every machine.
 *
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand), seeded by hashing the seed with splitmix32. One stream a
 * concern: `random.fork('augmentation')` does not depend on how many numbers other streams have drawn.
 */

import { InputError } from './errors.js';

/** The whole state of a generator, plain numbers, fit for a checkpoint. */
export type RandomState = readonly [number, number, number, number, number];

/** A source of random numbers. */
export interface Random {
  /** A number in [0, 1) with 32 random bits. */
  next(): number;
  /** A number in [low, high). */
  uniform(low: number, high: number): number;
  /** An integer in low..high, both included. */
  integer(low: number, high: number): number;
  /** A normal deviate of mean 0 and standard deviation 1. */
  normal(): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One of the items, all equally likely. @throws InputError on an empty list. */
  pick<T>(items: readonly T[]): T;
  /** A new list with the same items in random order. */
  shuffle<T>(items: readonly T[]): T[];
  /** An independent stream named by a label; it depends on this stream's seed, not on what has been drawn. */
  fork(label: string | number): Random;
  /** The state after what has been drawn so far; see {@link restoreRandom}. */
  state(): RandomState;
}

function hash(text: string, start: number): number {
  let h = start ^ 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

function splitmix32(seed: number): () => number {
  let a = seed | 0;
  return () => {
    a = (a + 0x9e3779b9) | 0;
    let t = a ^ (a >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) >>> 0;
  };
}

/** A generator that starts from a seed. Any number or text is a seed. */
export function createRandom(seed: number | string): Random {
  const key = hash(String(seed), 0);
  const mix = splitmix32(key);
  const random = restoreRandom([mix(), mix(), mix(), 1, key]);
  for (let i = 0; i < 12; i++) random.next();
  return random;
}

/** A generator that goes on from a saved state. */
export function restoreRandom(state: RandomState): Random {
  let [a, b, c, counter] = state.map((word) => word | 0) as [number, number, number, number];
  const key = state[4];

  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  const integer = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    uniform: (low, high) => low + (high - low) * next(),
    integer,
    // Box-Muller with one deviate a call, so that the state is the four words alone.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    chance: (probability) => next() < probability,
    pick: (items) => {
      if (items.length === 0) {
        throw new InputError('pick needs at least one item.', { remedy: 'Look at the length of the list first.' });
      }
      return items[integer(0, items.length - 1)]!;
    },
    shuffle: (items) => {
      const result = [...items];
      for (let i = result.length - 1; i > 0; i--) {
        const j = integer(0, i);
        [result[i], result[j]] = [result[j]!, result[i]!];
      }
      return result;
    },
    fork: (label) => createRandom(`${hash(String(label), key)}/${key}/${label}`),
    state: () => [a >>> 0, b >>> 0, c >>> 0, counter >>> 0, key],
  };
}
