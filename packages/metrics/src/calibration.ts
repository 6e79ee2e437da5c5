import { InputError } from '@fsmr/core/errors';
import { requireSameLength } from './counts.js';
import { requireCount } from './probability.js';

/** What a program claims and what holds, in one bin of {@link reliability}. */
export interface ReliabilityBin {
  /** Pixels in the bin. */
  readonly count: number;
  /** Their mean confidence; NaN for no pixels. */
  readonly confidence: number;
  /** The share of them that was right; NaN for no pixels. */
  readonly accuracy: number;
}

/**
 * Sorts pixels by confidence into equal bins, each open below and closed above.
 *
 * A pixel with foreground probability p is predicted foreground where p > 0.5, with confidence max(p, 1 - p); hence with
 * two classes the bins below 0.5 stay empty.
 * @param probability of foreground, in [0, 1]. @param truth any value but 0 is foreground.
 * @throws ShapeError where the maps differ in length. @throws InputError for a probability that is NaN or outside [0, 1],
 *   or bins that are no whole number from 1.
 */
export function reliability(probability: ArrayLike<number>, truth: ArrayLike<number>, bins = 10): ReliabilityBin[] {
  requireSameLength(probability, truth);
  requireCount(bins, 'bins');
  const counts = new Float64Array(bins);
  const confidences = new Float64Array(bins);
  const hits = new Float64Array(bins);
  for (let i = 0; i < truth.length; i++) {
    const p = probability[i]!;
    if (!(p >= 0 && p <= 1)) throw new InputError(`the probability of pixel ${i} is ${p}, not in 0 to 1.`);
    const predicted = p > 0.5;
    const confidence = predicted ? p : 1 - p;
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    counts[bin]! += 1;
    confidences[bin]! += confidence;
    if (predicted === (truth[i] !== 0)) hits[bin]! += 1;
  }
  return Array.from(counts, (count, bin) => ({
    count,
    confidence: confidences[bin]! / count,
    accuracy: hits[bin]! / count,
  }));
}

/**
 * The expected calibration error: the mean over pixels of |accuracy - confidence| of their bin; 0 is calibrated, NaN for
 * no pixels. Against several raters, average over them as CURVAS does. Its own program takes 50 bins and the greatest of
 * the probabilities of all classes, background among them; this is the measure of one class against all else.
 *
 * Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, equation 3.
 * @throws ShapeError where the maps differ in length. @throws InputError for a probability that is NaN or outside [0, 1],
 *   or bins that are no whole number from 1.
 */
export function expectedCalibrationError(probability: ArrayLike<number>, truth: ArrayLike<number>, bins = 10): number {
  return reliability(probability, truth, bins)
    .filter(({ count }) => count > 0)
    .reduce(
      (sum, bin) => sum + (bin.count * Math.abs(bin.accuracy - bin.confidence)) / truth.length,
      truth.length === 0 ? Number.NaN : 0,
    );
}
