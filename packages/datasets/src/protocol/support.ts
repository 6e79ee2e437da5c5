import { ConfigError, InputError } from '@fsmr/core';

/**
 * The support slice of each part: those at 1/6, 1/2 and 5/6 of the slices that show the class (evaluation section 9.2;
 * in general at the middle of each of `parts` equal pieces).
 *
 * @param slices ascending, where any rater drew the class
 * @returns one slice a part; slices repeat where there are fewer than parts
 * @throws InputError where the class is on no slice; ConfigError for fewer than one part
 */
export function supportSlices(slices: readonly number[], parts = 3): number[] {
  if (!Number.isInteger(parts) || parts < 1) throw new ConfigError(`parts must be a positive integer, found ${parts}.`);
  if (slices.length === 0) throw new InputError('the class is on no slice of the support scan.');
  // Written as the published program computes it: another order of operations rounds some products to the next slice.
  const first = 1 / (parts * 2);
  const step = parts === 1 ? 0 : (1 - 1 / parts) / (parts - 1);
  return Array.from({ length: parts }, (_unused, part) => {
    const fraction = first + part * step;
    return slices[Math.floor(fraction * slices.length)]!;
  });
}

/**
 * The part of the organ a query slice belongs to, 0 to `parts` - 1 (evaluation section 9.3).
 *
 * @param z the slice
 * @param first the first slice of the query scan that shows the class
 * @param last the last one
 */
export function queryPart(z: number, first: number, last: number, parts = 3): number {
  if (last <= first) return 0;
  const part = Math.floor((z - first) / ((last - first) / parts));
  return Math.min(parts - 1, Math.max(0, part));
}

/**
 * The protocol of Q-Net and RPT, which keep only the slices that show the class (evaluation section 9.9).
 *
 * @param slices how many query slices show the class
 * @returns first position of each part, and one beyond the last
 */
export function queryBounds(slices: number, parts = 3): number[] {
  return Array.from({ length: parts + 1 }, (_unused, part) => Math.trunc((part * slices) / parts));
}
