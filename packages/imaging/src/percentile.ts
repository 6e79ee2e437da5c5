import { ConfigError, NumericError } from '@fsmr/core/errors';

/**
 * The percentile of some values, interpolated linearly between the two nearest ranks as numpy's default does.
 *
 * @param values at least one number, none NaN; they are copied, not reordered.
 * @param percent from 0 to 100.
 * @throws ConfigError for a percent outside 0..100; NumericError for no values or NaN.
 */
export function percentile(values: ArrayLike<number>, percent: number): number {
  if (!(percent >= 0 && percent <= 100)) throw new ConfigError(`a percentile lies in 0..100, found ${percent}.`);
  if (values.length === 0) throw new NumericError('a percentile needs at least one value.');
  const sorted = values instanceof Float64Array ? values.slice() : new Float32Array(values);
  for (let i = 0; i < sorted.length; i++) {
    if (Number.isNaN(sorted[i]!)) throw new NumericError('a percentile needs numbers, found NaN.');
  }
  sorted.sort();
  const rank = (percent / 100) * (sorted.length - 1);
  const below = Math.floor(rank);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  const t = rank - below;
  // numpy interpolates from the nearer end, which matters in the last bit.
  return t >= 0.5 ? high - (high - low) * (1 - t) : low + (high - low) * t;
}
