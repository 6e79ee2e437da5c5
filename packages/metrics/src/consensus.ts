import { InputError } from '@fsmr/core/errors';
import { type Counts, dice, requireSameLength } from './counts.js';

/**
 * The share of raters that mark each pixel (any value but 0), in [0, 1].
 * @throws InputError for no masks. @throws ShapeError where masks differ in length.
 */
export function softConsensus(masks: readonly ArrayLike<number>[]): Float64Array {
  if (masks.length === 0) throw new InputError('a consensus needs at least one mask.');
  const votes = new Float64Array(masks[0]!.length);
  for (const mask of masks) {
    requireSameLength(mask, votes);
    for (let i = 0; i < votes.length; i++) if (mask[i] !== 0) votes[i]! += 1;
  }
  return votes.map((count) => count / masks.length);
}

/**
 * Pixels that at least half of the raters mark (mean >= 0.5, so a tie is foreground), as 0 and 1.
 * Source: the saved volume of JAPC's validation (evaluation protocol, 9.3).
 * @throws InputError for no masks. @throws ShapeError where masks differ in length.
 */
export function majorityConsensus(masks: readonly ArrayLike<number>[]): Uint8Array {
  return Uint8Array.from(softConsensus(masks), (share) => (share >= 0.5 ? 1 : 0));
}

/**
 * Counts of a binary prediction where all raters agree: pixels that some mark and some do not are left out.
 *
 * Dice of these counts is the consensus Dice that the CURVAS challenge defines (Riera-Marin et al., 2024). Its program
 * hands volumes to a metric that takes their first axis for cases and the second for classes, so the challenge's own
 * figures are means over rows of pixels, without those that have no foreground; they differ from these.
 * @param prediction any value but 0 is foreground. @param truths one mask a rater.
 * @throws InputError for no truth. @throws ShapeError where masks differ in length.
 */
export function consensusCounts(prediction: ArrayLike<number>, truths: readonly ArrayLike<number>[]): Counts {
  const votes = softConsensus(truths);
  requireSameLength(prediction, votes);
  let tp = 0;
  let fp = 0;
  let fn = 0;
  for (let i = 0; i < votes.length; i++) {
    const predicted = prediction[i] !== 0;
    if (votes[i] === 1) {
      if (predicted) tp++;
      else fn++;
    } else if (votes[i] === 0 && predicted) fp++;
  }
  return { tp, fp, fn };
}

/** Dice of {@link consensusCounts}; NaN where nobody agrees on foreground and none is predicted. */
export function consensusDice(prediction: ArrayLike<number>, truths: readonly ArrayLike<number>[]): number {
  return dice(consensusCounts(prediction, truths));
}
