import { InputError } from '@fsmr/core';
import { confusion, dice } from '@fsmr/metrics';

/** How well a set of predictions covers a set of truths. */
export interface SetDice {
  /** Mean over predictions of the best Dice with any truth. */
  readonly best: number;
  /** Mean over truths of the best Dice with any prediction. */
  readonly reverse: number;
  /** Mean Dice of the pairing of predictions with truths that makes it largest; stage 1 is selected by it. */
  readonly matched: number;
  /** Dice of each prediction with the truth at its own place; stage 2 is selected by their mean. */
  readonly each: readonly number[];
}

/**
 * D-Persona's measures of a set of masks against the raters' set, for one image; two empty masks agree wholly.
 *
 * @param predictions at most 16 masks
 * @param truths as many masks
 * @throws InputError for sets of different or unfit size.
 * @see Wu et al., D-Persona, CVPR 2024, section 4.1.
 */
export function setDice(predictions: readonly ArrayLike<number>[], truths: readonly ArrayLike<number>[]): SetDice {
  const count = predictions.length;
  if (count !== truths.length || count === 0 || count > 16) {
    throw new InputError(`${count} predictions cannot be paired with ${truths.length} truths.`, {
      remedy: 'Give as many predictions as truths, 1 to 16.',
    });
  }
  const table = predictions.map((prediction) =>
    truths.map((truth) => {
      const value = dice(confusion(prediction, truth));
      return Number.isNaN(value) ? 1 : value;
    }),
  );
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / count;
  return {
    best: mean(table.map((row) => Math.max(...row))),
    reverse: mean(truths.map((_, truth) => Math.max(...table.map((row) => row[truth]!)))),
    matched: bestPairing(table) / count,
    each: table.map((row, index) => row[index]!),
  };
}

/** The largest sum of entries of which no two share a row or column, over all sets of columns taken so far. */
function bestPairing(table: readonly (readonly number[])[]): number {
  let sums = new Map<number, number>([[0, 0]]);
  for (const row of table) {
    const next = new Map<number, number>();
    for (const [taken, sum] of sums) {
      for (const [column, value] of row.entries()) {
        const bit = 1 << column;
        if ((taken & bit) !== 0) continue;
        const key = taken | bit;
        next.set(key, Math.max(next.get(key) ?? Number.NEGATIVE_INFINITY, sum + value));
      }
    }
    sums = next;
  }
  return Math.max(...sums.values());
}
