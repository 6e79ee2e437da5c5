import { InputError } from '@fsmr/core/errors';
import { createRandom } from '@fsmr/core/random';
import { quantile } from './moments.js';
import { normalCdf, normalQuantile } from './normal.js';
import { requireCount } from './probability.js';

/** How {@link bootstrapInterval} resamples. */
export interface BootstrapOptions {
  /** The share of resamples the interval covers, 0.95 if not given. */
  readonly level?: number;
  /** How many resamples, 2000 if not given. */
  readonly draws?: number;
  /** Seed of the resamples, 0 if not given. */
  readonly seed?: number | string;
  /** `bca` (bias-corrected and accelerated) if not given, or the plain percentiles. */
  readonly method?: 'bca' | 'percentile';
}

/** An interval around an estimate. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  readonly level: number;
}

/**
 * A bootstrap interval of any statistic of independent items (supports, scans, differences of pairs).
 *
 * Where the statistic of a resample is NaN, so are the bounds: leave such items out, or take a statistic that is defined.
 *
 * Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, sections 13.3 and 14.3.
 * @param items what is drawn with replacement; at least one.
 * @param statistic the number whose spread is wanted, for example {@link mean}.
 * @throws InputError for no items, a level outside (0, 1), or draws that are no whole number from 1.
 */
export function bootstrapInterval<T>(
  items: readonly T[],
  statistic: (items: readonly T[]) => number,
  { level = 0.95, draws = 2000, seed = 0, method = 'bca' }: BootstrapOptions = {},
): Interval {
  if (items.length === 0) throw new InputError('a bootstrap needs at least one item.');
  requireCount(draws, 'draws');
  const random = createRandom(seed);
  const last = items.length - 1;
  const resamples = Array.from({ length: draws }, () => statistic(items.map(() => items[random.integer(0, last)]!)));
  const estimate = statistic(items);
  if (method === 'percentile') return { estimate, level, ...percentileInterval(resamples, level) };
  const leftOut = items.map((_, i) => statistic(items.filter((__, k) => k !== i)));
  return { estimate, level, ...bcaInterval(resamples, estimate, leftOut, level) };
}

/** The central part of resampled statistics, by linear interpolation between order statistics. */
export function percentileInterval(resamples: readonly number[], level: number): { low: number; high: number } {
  requireLevel(level);
  return { low: quantile(resamples, (1 - level) / 2), high: quantile(resamples, (1 + level) / 2) };
}

/**
 * The bias-corrected and accelerated interval of resampled statistics.
 *
 * The bias is read from the share of resamples below the estimate (ties count half), the acceleration from the skewness
 * of the jackknife. Where all resamples agree the interval is that one value.
 * @param leftOut the statistic with each item left out once (the jackknife).
 */
export function bcaInterval(
  resamples: readonly number[],
  estimate: number,
  leftOut: readonly number[],
  level: number,
): { low: number; high: number } {
  requireLevel(level);
  const below = resamples.filter((value) => value < estimate).length;
  const equal = resamples.filter((value) => value === estimate).length;
  if (equal === resamples.length) return { low: estimate, high: estimate };
  const bias = normalQuantile((below + equal / 2) / resamples.length);
  const centre = leftOut.reduce((sum, value) => sum + value, 0) / leftOut.length;
  const moment = (power: number): number => leftOut.reduce((sum, value) => sum + (centre - value) ** power, 0);
  const spread = moment(2);
  const acceleration = spread === 0 ? 0 : moment(3) / (6 * spread ** 1.5);
  const corrected = (p: number): number => {
    const shifted = bias + normalQuantile(p);
    return normalCdf(bias + shifted / (1 - acceleration * shifted));
  };
  return {
    low: quantile(resamples, corrected((1 - level) / 2)),
    high: quantile(resamples, corrected((1 + level) / 2)),
  };
}

function requireLevel(level: number): void {
  if (!(level > 0 && level < 1)) throw new InputError(`an interval covers a share between 0 and 1, not ${level}.`);
}
