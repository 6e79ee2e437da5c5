import { ShapeError } from '@fsmr/core/errors';

/** Pixels of a binary prediction against a binary truth, by agreement. */
export interface Counts {
  /** Predicted and true. */
  readonly tp: number;
  /** Predicted, not true. */
  readonly fp: number;
  /** True, not predicted. */
  readonly fn: number;
}

/** Counts with the pixels that both leave out. */
export interface Confusion extends Counts {
  /** Neither predicted nor true. */
  readonly tn: number;
}

/** How {@link confusion} reads its masks. */
export interface ConfusionOptions {
  /** The value that is foreground in both masks; 1 if not given. Every other value is background. */
  readonly foreground?: number;
  /** Truth pixels of this value are left out of all four counts; 255 if not given. */
  readonly ignore?: number;
}

/**
 * Counts true and false positives and negatives of one slice or volume.
 *
 * Both masks hold the class at `foreground` (1). A truth pixel with the value `ignore` (255) counts nowhere.
 * Source: the validation of JAPC (evaluation protocol, section on Dice): pixels marked 255 leave the predicted set.
 * @throws ShapeError where the two differ in length.
 */
export function confusion(
  prediction: ArrayLike<number>,
  truth: ArrayLike<number>,
  { foreground = 1, ignore = 255 }: ConfusionOptions = {},
): Confusion {
  requireSameLength(prediction, truth);
  let tp = 0;
  let fp = 0;
  let fn = 0;
  let tn = 0;
  for (let i = 0; i < truth.length; i++) {
    const value = truth[i];
    if (value === ignore) continue;
    if (prediction[i] === foreground) {
      if (value === foreground) tp++;
      else fp++;
    } else if (value === foreground) fn++;
    else tn++;
  }
  return { tp, fp, fn, tn };
}

/** Adds counts up, for example over the slices of a scan: Dice of the sum is the 3D Dice. No counts give zeros. */
export function sumCounts(counts: Iterable<Counts>): Counts {
  let tp = 0;
  let fp = 0;
  let fn = 0;
  for (const one of counts) {
    tp += one.tp;
    fp += one.fp;
    fn += one.fn;
  }
  return { tp, fp, fn };
}

/** 2 TP / (2 TP + FP + FN); `empty` (NaN) where prediction and truth are both empty. In [0, 1]. */
export function dice({ tp, fp, fn }: Counts, empty: number = Number.NaN): number {
  return ratio(2 * tp, 2 * tp + fp + fn, empty);
}

/** Intersection over union, TP / (TP + FP + FN); `empty` (NaN) where both are empty. In [0, 1]. */
export function iou({ tp, fp, fn }: Counts, empty: number = Number.NaN): number {
  return ratio(tp, tp + fp + fn, empty);
}

/** TP / (TP + FP): which part of the prediction is true; `empty` (NaN) where nothing is predicted. */
export function precision({ tp, fp }: Counts, empty: number = Number.NaN): number {
  return ratio(tp, tp + fp, empty);
}

/** TP / (TP + FN): which part of the truth is found; `empty` (NaN) where the truth is empty. */
export function recall({ tp, fn }: Counts, empty: number = Number.NaN): number {
  return ratio(tp, tp + fn, empty);
}

function ratio(part: number, whole: number, empty: number): number {
  return whole === 0 ? empty : part / whole;
}

/** @throws ShapeError where two masks differ in length. */
export function requireSameLength(a: ArrayLike<unknown>, b: ArrayLike<unknown>): void {
  if (a.length !== b.length) {
    throw new ShapeError(`masks of ${a.length} and ${b.length} pixels cannot be compared.`, {
      remedy: 'Resample one onto the grid of the other.',
    });
  }
}
