import { createRandom } from '@fsmr/core/random';
import { mean } from './moments.js';
import {
  type Alternative,
  differences,
  fromValue,
  type Probability,
  requireAlternative,
  requireCount,
} from './probability.js';

/** How {@link signFlipTest} draws. */
export interface SignFlipOptions {
  /** `greater` if not given. The published fallback is `two-sided`. */
  readonly alternative?: Alternative;
  /** Random sign patterns, 10000 if not given. Where 2^n is not more, all patterns are counted instead. */
  readonly draws?: number;
  /** Seed of the signs, 0 if not given. */
  readonly seed?: number | string;
}

/** The outcome of {@link signFlipTest}. */
export interface SignFlip extends Probability {
  /** The mean difference, the statistic. */
  readonly statistic: number;
  /** How many sign patterns were looked at. */
  readonly draws: number;
  /** True where these were all there are. */
  readonly exact: boolean;
}

/**
 * The permutation test of paired samples: under the null hypothesis every difference may as well have the other sign.
 *
 * Random patterns give p = (hits + 1) / (draws + 1), so p is never 0; all patterns give p = hits / 2^n. A hit is a mean
 * at least as extreme as the one observed. A difference that is NaN gives NaN. Source: the fallback of JAPC's p-value script (evaluation protocol, 9.8).
 * @throws InputError where the samples differ in length, for an alternative that is none, or draws that are no whole number
 *   from 1.
 */
export function signFlipTest(
  first: readonly number[],
  second: readonly number[],
  { alternative = 'greater', draws = 10_000, seed = 0 }: SignFlipOptions = {},
): SignFlip {
  requireAlternative(alternative);
  requireCount(draws, 'draws');
  const d = differences(first, second);
  const observed = d.reduce((sum, value) => sum + value, 0);
  // Sums in another order differ in the last digits; a pattern with the observed sum has to be a hit.
  const slack = 1e-12 * d.reduce((sum, value) => sum + Math.abs(value), 0);
  const extreme = (sum: number): boolean =>
    alternative === 'two-sided'
      ? Math.abs(sum) >= Math.abs(observed) - slack
      : alternative === 'greater'
        ? sum >= observed - slack
        : sum <= observed + slack;

  const exact = d.length < 31 && 2 ** d.length <= draws;
  const count = exact ? 2 ** d.length : draws;
  const random = createRandom(seed);
  let hits = 0;
  for (let k = 0; k < count; k++) {
    let sum = 0;
    let bits = k;
    for (let i = 0; i < d.length; i++) {
      // Sixteen signs from each random word.
      if (!exact && i % 16 === 0) bits = random.integer(0, 65_535);
      sum += bits & 1 ? -d[i]! : d[i]!;
      bits >>= 1;
    }
    if (extreme(sum)) hits++;
  }
  const p = exact ? hits / count : (hits + 1) / (count + 1);
  return {
    statistic: mean(d),
    draws: count,
    exact,
    ...fromValue(d.length === 0 || Number.isNaN(observed) ? Number.NaN : p),
  };
}
