import { InputError } from '@fsmr/core/errors';

/** Which difference a paired test looks for: `greater` asks whether the first sample lies above the second. */
export type Alternative = 'greater' | 'less' | 'two-sided';

/** A probability with its decimal logarithm, which stays right where `p` is too small for a double. */
export interface Probability {
  /** In [0, 1]; 0 where it is below 5e-324. */
  readonly p: number;
  /** log10 of the probability; -Infinity only for a true zero. */
  readonly log10p: number;
}

/** A probability from its natural logarithm. */
export function fromLog(log: number): Probability {
  return { p: Math.exp(log), log10p: log / Math.LN10 };
}

/** A probability from its value, cut to [0, 1]. */
export function fromValue(value: number): Probability {
  const p = Math.min(1, Math.max(0, value));
  return { p, log10p: Math.log10(p) };
}

/** @throws InputError for a side that is none, as plain JavaScript may hold. */
export function requireAlternative(alternative: Alternative): void {
  if (!['greater', 'less', 'two-sided'].includes(alternative)) {
    throw new InputError(`a test is greater, less or two-sided, not ${alternative}.`);
  }
}

/** @throws InputError unless `count` is a whole number from 1. */
export function requireCount(count: number, what: string): void {
  if (!Number.isInteger(count) || count < 1) {
    throw new InputError(`${what} are counted in whole numbers from 1, not ${count}.`);
  }
}

/** First minus second. @throws InputError where the two differ in length. */
export function differences(first: readonly number[], second: readonly number[]): number[] {
  if (first.length !== second.length) {
    throw new InputError(`paired samples have the same length; these have ${first.length} and ${second.length}.`);
  }
  return first.map((value, i) => value - second[i]!);
}
