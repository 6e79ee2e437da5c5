import { InputError } from '@fsmr/core/errors';
import { overlap, packBits } from './bits.js';
import { requireSameLength } from './counts.js';
import { mean } from './moments.js';

/**
 * Dice of each rater against each other, `[rater][rater]`, symmetric. `empty` (NaN) where both masks are empty; any
 * value but 0 is foreground.
 * @throws ShapeError where masks differ in length.
 */
export function diceMatrix(masks: readonly ArrayLike<number>[], empty: number = Number.NaN): number[][] {
  for (const mask of masks) requireSameLength(mask, masks[0]!);
  const bits = masks.map(packBits);
  return bits.map((a) =>
    bits.map((b) => {
      const { shared, either } = overlap(a, b);
      return either === 0 ? empty : (2 * shared) / (shared + either);
    }),
  );
}

/** The mean Dice over all pairs of different raters; NaN for fewer than two. @throws ShapeError as {@link diceMatrix}. */
export function meanPairwiseDice(masks: readonly ArrayLike<number>[], empty: number = Number.NaN): number {
  return mean(diceMatrix(masks, empty).flatMap((row, i) => row.slice(i + 1)));
}

/**
 * Fleiss' kappa: how much more raters agree than chance would make them. 1 is full agreement, 0 chance, NaN where all
 * use one category only.
 *
 * Source: Fleiss, Measuring nominal scale agreement among many raters, Psychological Bulletin 76, 1971.
 * @param table how many raters put each subject into each category, `[subject][category]`; every row has the same sum.
 * @throws InputError where rows differ in sum, or a subject has fewer than two raters.
 */
export function fleissKappa(table: readonly (readonly number[])[]): number {
  const sum = (row: readonly number[]): number => row.reduce((total, count) => total + count, 0);
  const raters = sum(table[0] ?? []);
  if (raters < 2) throw new InputError("Fleiss' kappa needs at least two raters.");
  if (table.some((row) => sum(row) !== raters)) {
    throw new InputError("Fleiss' kappa needs the same number of raters for every subject.");
  }
  const observed = mean(table.map((row) => sum(row.map((count) => count * (count - 1))) / (raters * (raters - 1))));
  const shares = table[0]!.map((_, category) => mean(table.map((row) => row[category]! / raters)));
  const chance = sum(shares.map((share) => share * share));
  return (observed - chance) / (1 - chance);
}

/**
 * {@link fleissKappa} of masks: pixels are the subjects, foreground (any value but 0) and background the categories.
 * Background far from the object raises it, so crop to the region of interest first.
 * @throws InputError for fewer than two masks. @throws ShapeError where masks differ in length.
 */
export function maskKappa(masks: readonly ArrayLike<number>[]): number {
  if (masks.length < 2) throw new InputError("Fleiss' kappa needs at least two raters.");
  for (const mask of masks) requireSameLength(mask, masks[0]!);
  const raters = masks.length;
  const pixels = masks[0]!.length;
  let agreements = 0;
  let marked = 0;
  for (let i = 0; i < pixels; i++) {
    let votes = 0;
    for (const mask of masks) if (mask[i] !== 0) votes++;
    const rest = raters - votes;
    agreements += votes * (votes - 1) + rest * (rest - 1);
    marked += votes;
  }
  const observed = agreements / (pixels * raters * (raters - 1));
  const share = marked / (pixels * raters);
  const chance = share * share + (1 - share) * (1 - share);
  return (observed - chance) / (1 - chance);
}
