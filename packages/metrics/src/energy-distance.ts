import { InputError } from '@fsmr/core/errors';
import { overlap, packBits } from './bits.js';
import { requireSameLength } from './counts.js';

/** The squared generalised energy distance and its parts. */
export interface EnergyDistance {
  /** 2 `cross` - `predictionDiversity` - `truthDiversity`; at least 0, 0 where both sets hold the same masks. */
  readonly squared: number;
  /** Mean distance between a prediction and a truth. */
  readonly cross: number;
  /** Mean distance between two predictions, each paired with itself too. */
  readonly predictionDiversity: number;
  /** Mean distance between two truths, each paired with itself too. */
  readonly truthDiversity: number;
}

/**
 * The squared generalised energy distance between a set of predicted and a set of true masks, with the distance
 * 1 - IoU; two empty masks have distance 0. Any value but 0 is foreground; the sets may differ in size.
 *
 * Source: Kohl et al., A Probabilistic U-Net, NeurIPS 2018, section 3; means over all pairs as there.
 * @throws InputError for an empty set. @throws ShapeError where masks differ in length.
 */
export function energyDistance(
  predictions: readonly ArrayLike<number>[],
  truths: readonly ArrayLike<number>[],
): EnergyDistance {
  if (predictions.length === 0 || truths.length === 0) {
    throw new InputError('an energy distance needs at least one mask on each side.');
  }
  for (const mask of [...predictions, ...truths]) requireSameLength(mask, truths[0]!);
  const a = predictions.map(packBits);
  const b = truths.map(packBits);
  const cross = meanDistance(a, b);
  const predictionDiversity = meanDistance(a, a);
  const truthDiversity = meanDistance(b, b);
  return { squared: 2 * cross - predictionDiversity - truthDiversity, cross, predictionDiversity, truthDiversity };
}

function meanDistance(a: readonly Uint32Array[], b: readonly Uint32Array[]): number {
  let sum = 0;
  for (const one of a) {
    for (const other of b) {
      const { shared, either } = overlap(one, other);
      if (either > 0) sum += 1 - shared / either;
    }
  }
  return sum / (a.length * b.length);
}
