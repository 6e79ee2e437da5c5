/**
 * Holm's step-down correction: p-values adjusted for having looked at all of them, in the order given.
 *
 * The k-th smallest of m is multiplied by m - k + 1, made no smaller than the one before and at most 1. NaN stays NaN
 * and is not counted among the m.
 * Source: Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6, 1979.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues
    .map((_, i) => i)
    .filter((i) => !Number.isNaN(pValues[i]))
    .sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = new Array<number>(pValues.length).fill(Number.NaN);
  let floor = 0;
  order.forEach((i, rank) => {
    floor = Math.max(floor, Math.min(1, pValues[i]! * (order.length - rank)));
    adjusted[i] = floor;
  });
  return adjusted;
}
