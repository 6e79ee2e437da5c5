import { InputError } from '@fsmr/core/errors';
import { requireSameLength } from './counts.js';
import { mean, standardDeviation } from './moments.js';
import { normalCdf } from './normal.js';

/**
 * The continuous ranked probability score of a normal distribution and one value, in the value's unit; |value - mean|
 * where `std` is 0. Source: Gneiting and Raftery, J. Am. Stat. Assoc. 102, 2007, section 4.2.
 */
export function normalCrps(average: number, std: number, value: number): number {
  if (std === 0) return Math.abs(value - average);
  const z = (value - average) / std;
  const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  return std * (z * (2 * normalCdf(z) - 1) + 2 * density - 1 / Math.sqrt(Math.PI));
}

/**
 * The continuous ranked probability score of an ensemble and one value: E|X - value| - E|X - X'| / 2 over all members,
 * each paired with itself too. NaN for no members. Source: as {@link normalCrps}, equation 21.
 */
export function ensembleCrps(members: readonly number[], value: number): number {
  const toValue = mean(members.map((member) => Math.abs(member - value)));
  return toValue - mean(members.map((a) => mean(members.map((b) => Math.abs(a - b))))) / 2;
}

/**
 * CURVAS's volume score: the raters' volumes make a normal distribution (mean and population standard deviation), the
 * prediction's volume is the sum of its probabilities, and the score is the CRPS of the two, in the unit of
 * `voxelVolume`; 0 is best.
 *
 * The challenge's program integrates numerically over three standard deviations around the mean, so for a prediction
 * farther away it stops growing; this is the whole integral.
 * Source: Riera-Marin et al., CURVAS challenge, MICCAI 2024.
 * @param probability of foreground. @param truths one mask a rater, any value but 0 is foreground.
 * @param voxelVolume 1 if not given, then volumes are in voxels.
 * @throws InputError for no truth. @throws ShapeError where the maps differ in length.
 */
export function volumeCrps(
  probability: ArrayLike<number>,
  truths: readonly ArrayLike<number>[],
  voxelVolume = 1,
): number {
  if (truths.length === 0) throw new InputError("a volume score needs at least one rater's mask.");
  let predicted = 0;
  for (let i = 0; i < probability.length; i++) predicted += probability[i]!;
  const volumes = truths.map((truth) => {
    requireSameLength(probability, truth);
    let count = 0;
    for (let i = 0; i < truth.length; i++) if (truth[i] !== 0) count++;
    return count * voxelVolume;
  });
  return normalCrps(mean(volumes), standardDeviation(volumes), predicted * voxelVolume);
}
