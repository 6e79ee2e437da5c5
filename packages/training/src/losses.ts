import {
  crossEntropy,
  type Episode,
  type EpisodeOptions,
  InputError,
  type Model,
  type ParameterRecord,
  queryTruth,
  type Segmentation,
  segmentEpisode,
} from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { raterBoundLoss } from './bound-loss.js';
import { checkTruth } from './check-truth.js';

/** The parts of the training loss of one episode, each a scalar; `total` is their weighted sum. */
export interface EpisodeLosses {
  readonly total: tf.Scalar;
  readonly segmentation: tf.Scalar;
  readonly alignment: tf.Scalar;
  readonly calibration: tf.Scalar;
  /** The method's own losses and, where it has a weight, `bound`; weights included. */
  readonly auxiliary: Readonly<Record<string, tf.Scalar>>;
}

/**
 * The segmentation loss: the class-weighted cross-entropy of each rater, averaged over raters. Each rater's mean has
 * its own denominator (JAPC section 2.5; training section 10.1).
 *
 * @param logits [R, H, W, 2]
 * @param truth [R, H, W], 0 or 1; 255 is passed over
 * @param classWeights of background and foreground
 * @param names of the raters, for errors; numbers unless given
 * @throws ShapeError where the shapes do not fit; InputError for truth that is none of 0, 1 and 255.
 */
export function segmentationLoss(
  logits: tf.Tensor4D,
  truth: tf.Tensor3D,
  classWeights: readonly [number, number],
  names?: readonly string[],
): tf.Scalar {
  checkTruth(logits, truth, names);
  return tf.tidy(() => {
    const raters = logits.shape[0];
    // Slices, since TensorFlow.js cannot differentiate a split into one part.
    const losses = Array.from({ length: raters }, (_, rater) =>
      crossEntropy(tf.slice(logits, [rater, 0, 0, 0], [1, -1, -1, -1]), tf.slice(truth, [rater, 0, 0], [1, -1, -1]), {
        classWeights,
        ignore: 255,
      }),
    );
    return tf.div(tf.addN(losses), raters) as tf.Scalar;
  });
}

/** Weights of the parts. */
export interface LossWeights {
  readonly alignmentWeight: number;
  readonly calibrationWeight: number;
  /** Of {@link raterBoundLoss}, which is not computed at 0. */
  readonly boundWeight?: number | undefined;
  /**
   * Weights of background and foreground in the segmentation loss; those of the method when absent. [1, 1] is the plain
   * cross-entropy of the paper's formula.
   */
  readonly classWeights?: readonly [background: number, foreground: number] | undefined;
}

/**
 * The loss of one episode: L = L_seg + a L_align + c L_calib + b L_bound + the method's own (JAPC section 2.5; training
 * section 10.1).
 *
 * @throws InputError where the query lacks the mask of a rater, or that mask holds other values than 0, 1 and 255.
 */
export function episodeLosses(
  model: Model,
  parameters: ParameterRecord,
  episode: Episode,
  weights: LossWeights,
  options: Omit<EpisodeOptions, 'training'> = {},
): { readonly losses: EpisodeLosses; readonly statistics: ParameterRecord } {
  const missing = episode.raters.find((rater) => episode.query.masks[rater] === undefined);
  if (missing !== undefined)
    throw new InputError('has no mask on the query image, which training needs.', { rater: missing });
  return tf.tidy(() => {
    const segmentation = segmentEpisode(model, parameters, episode, { ...options, training: true });
    const truth = queryTruth(episode)!;
    const { logits, auxiliaryLosses } = segmentation;
    const { boundWeight = 0 } = weights;
    const { raters } = episode;
    const bound =
      boundWeight === 0 ? {} : { bound: tf.mul(raterBoundLoss(logits, truth, raters), boundWeight) as tf.Scalar };
    const losses = weigh(
      { ...segmentation, auxiliaryLosses: { ...auxiliaryLosses, ...bound } },
      segmentationLoss(logits, truth, weights.classWeights ?? model.method.classWeights, raters),
      weights,
    );
    return { losses, statistics: segmentation.statistics } as never;
  });
}

function weigh(parts: Segmentation, segmentation: tf.Scalar, weights: LossWeights): EpisodeLosses {
  const { alignmentLoss: alignment, calibrationLoss: calibration, auxiliaryLosses: auxiliary } = parts;
  const terms = [
    segmentation,
    tf.mul(alignment, weights.alignmentWeight),
    tf.mul(calibration, weights.calibrationWeight),
    ...Object.values(auxiliary),
  ];
  return { total: tf.addN(terms) as tf.Scalar, segmentation, alignment, calibration, auxiliary };
}
