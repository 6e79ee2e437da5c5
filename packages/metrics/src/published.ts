import { InputError } from '@fsmr/core/errors';
import { mean } from './moments.js';

/** Dice of one run by support: the support's name and its `classDice`, `[rater][class]`. */
export type ClassDiceBySupport = ReadonlyMap<string, readonly (readonly number[])[]>;

/**
 * Joins the two test groups of the published CURVAS protocol into one value for each support: (m0 + 2 m1) / 3, where m
 * is the plain mean of all entries of `classDice`. Group 0 tests one class (kidney) and group 1 two (pancreas, liver),
 * so the value is Dice_m. Supports that are missing or empty in one group are left out.
 *
 * Source: JAPC's p-value script (evaluation protocol, 9.8).
 */
export function combineTestGroups(set0: ClassDiceBySupport, set1: ClassDiceBySupport): Map<string, number> {
  const combined = new Map<string, number>();
  for (const [support, matrix] of set0) {
    const first = matrix.flat();
    const second = set1.get(support)?.flat() ?? [];
    if (first.length > 0 && second.length > 0) combined.set(support, (mean(first) + 2 * mean(second)) / 3);
  }
  return combined;
}

/**
 * Two runs' values side by side, for a paired test: those supports that both have, in the order of the first run.
 * @throws InputError where they share no support.
 */
export function pairBySupport(
  first: ReadonlyMap<string, number>,
  second: ReadonlyMap<string, number>,
): { supports: string[]; first: number[]; second: number[] } {
  const supports = [...first.keys()].filter((support) => second.has(support));
  if (supports.length === 0) throw new InputError('the two runs share no support, so there is nothing to pair.');
  return {
    supports,
    first: supports.map((support) => first.get(support)!),
    second: supports.map((support) => second.get(support)!),
  };
}
