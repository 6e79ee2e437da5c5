import { requireSameLength } from './counts.js';
import { mean } from './moments.js';

/** 0.1, 0.2 to 0.9, as QUBIQ takes them. */
export const qubiqThresholds: readonly number[] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/**
 * QUBIQ's soft Dice: two maps of probability are cut at each threshold, Dice is taken and averaged over thresholds.
 *
 * The truth is the mean of the raters' masks (`softConsensus`), the prediction a probability or the mean of predicted
 * masks. A pixel is foreground where its value is at least the threshold; where both cut maps are empty Dice is 1.
 * Source: the QUBIQ challenge, MICCAI 2020 and 2021, evaluation. Other programs cut at 0.1, 0.3 to 0.9 or strictly above
 * the threshold; give `thresholds` for theirs. A map in single precision is compared with the threshold in single precision.
 * @throws ShapeError where the maps differ in length.
 */
export function thresholdedDice(
  prediction: ArrayLike<number>,
  truth: ArrayLike<number>,
  thresholds: readonly number[] = qubiqThresholds,
): number {
  requireSameLength(prediction, truth);
  return mean(
    thresholds.map((threshold) => {
      const [ofPrediction, ofTruth] = [prediction, truth].map((map) =>
        map instanceof Float32Array ? Math.fround(threshold) : threshold,
      ) as [number, number];
      let shared = 0;
      let total = 0;
      for (let i = 0; i < truth.length; i++) {
        const predicted = prediction[i]! >= ofPrediction;
        const marked = truth[i]! >= ofTruth;
        if (predicted && marked) shared++;
        total += Number(predicted) + Number(marked);
      }
      return total === 0 ? 1 : (2 * shared) / total;
    }),
  );
}
