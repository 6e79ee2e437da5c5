import * as tf from '@tensorflow/tfjs';
import type { FeatureMaps, PrototypeMethod } from '../contract/index.js';
import { crossEntropy } from '../ops/index.js';
import { classify, type Pass } from './classify.js';
import { gridOf, type RaterMasks, resizeMasks, selectShots } from './masks.js';

/** Label value that the loss passes over. */
const ignored = 255;

/**
 * Logits made hard: 1 where the foreground beats the background, ties to the background. The result is a constant:
 * no gradient passes through it.
 *
 * @param logits [R, h, w, 2]
 * @returns [R, h, w]
 */
export function hardForeground(logits: tf.Tensor4D): tf.Tensor3D {
  const [raters, height, width] = logits.shape;
  const values = logits.dataSync();
  const hard = new Float32Array(raters * height * width);
  for (let i = 0; i < hard.length; i++) hard[i] = values[2 * i + 1]! > values[2 * i]! ? 1 : 0;
  return tf.tensor3d(hard, [raters, height, width]);
}

/** What the alignment loss is computed from. */
export interface AlignmentInputs {
  /** The forward pass. */
  readonly pass: Pass;
  readonly masks: RaterMasks;
  /** Hard query prediction [R, h, w] at the resolution `method.alignment.predictedMask` names. */
  readonly predicted: tf.Tensor3D;
}

/**
 * The alignment loss: the predicted query, as support, segments each support image back, calibrated like the forward
 * pass (PANet section 3.4; ALPNet; JAPC section 2.5). Plain cross-entropy over all pixels, mean over raters and shots.
 *
 * @returns the loss, and the reverse logits of each shot, which the caller owns [R, h, w, 2] at the resolution of the targets.
 */
export function alignmentLoss(inputs: AlignmentInputs): { loss: tf.Scalar; logits: tf.Tensor4D[] } {
  return tf.tidy(() => alignmentParts(inputs) as never);
}

function alignmentParts(inputs: AlignmentInputs): { loss: tf.Scalar; logits: tf.Tensor4D[] } {
  const { pass, masks, predicted } = inputs;
  const rule = pass.method.alignment!;
  const shotCount = masks.masks.shape[1];
  const losses: tf.Scalar[] = [];
  const logits: tf.Tensor4D[] = [];
  for (let shot = 0; shot < shotCount; shot++) {
    const raters = presentRaters(masks, shot).filter((rater) => !rule.skipEmpty || hasForeground(predicted, rater));
    if (raters.length === 0) continue;
    const foreground = raters.map((rater) => tf.slice(predicted, [rater, 0, 0], [1, -1, -1]));
    const reverse: Pass = {
      ...pass,
      support: pass.query,
      query: shotFeatures(pass.support, pass.query, shot),
      foreground,
      shots: foreground.map(() => [0]),
      consensus: consensusOf(foreground, pass.method.calibrator?.consensus ?? 'soft'),
      direction: 'reverse',
    };
    const { loss, output } = reverseLoss(reverse, truthOf(masks, shot, raters));
    logits.push(output);
    // Raters left out count as zero, so the sum is divided by all who outlined the shot.
    losses.push(tf.mul(loss, raters.length / (presentRaters(masks, shot).length * shotCount)) as tf.Scalar);
  }
  return { loss: losses.length === 0 ? tf.scalar(0) : (tf.addN(losses) as tf.Scalar), logits };
}

/** The consensus of predicted masks, made as that of the drawn ones is. */
function consensusOf(foreground: readonly tf.Tensor3D[], kind: 'soft' | 'majority'): tf.Tensor3D {
  const mean = tf.mean(tf.stack([...foreground]), 0) as tf.Tensor3D;
  return kind === 'soft' ? mean : tf.cast(tf.greater(mean, 0.5), 'float32');
}

function reverseLoss(reverse: Pass, truth: tf.Tensor3D): { loss: tf.Scalar; output: tf.Tensor4D } {
  const { method } = reverse;
  const onGrid = method.alignment!.targets === 'features';
  const size = onGrid ? gridOf(reverse.query) : ([truth.shape[1], truth.shape[2]] as const);
  const output = decodeOutcomes(method, classify(reverse), size);
  return {
    loss: crossEntropy(output, onGrid ? gridTargets(truth, size) : imageTargets(truth), { ignore: ignored }),
    output,
  };
}

/** Logits of a finished pass. */
export function decodeOutcomes(
  method: PrototypeMethod,
  outcomes: ReturnType<typeof classify>,
  size: readonly [number, number],
): tf.Tensor4D {
  return method.decode({
    similarities: {
      ...(outcomes.background === undefined ? {} : { background: outcomes.background.similarities }),
      ...(outcomes.foreground === undefined ? {} : { foreground: outcomes.foreground.similarities }),
    },
    size,
  });
}

/**
 * A pixel that a soft mask leaves undecided is passed over; where every pixel is undecided, as in masks that a sigmoid made,
 * they are cut at one half, since a mean over no pixel is no number.
 */
function imageTargets(truth: tf.Tensor3D): tf.Tensor3D {
  const decided = tf.logicalOr(tf.equal(truth, 0), tf.equal(truth, 1));
  if (tf.any(decided).dataSync()[0] === 0) return tf.cast(tf.greater(truth, 0.5), 'float32');
  return tf.where<tf.Tensor>(decided, truth, tf.scalar(ignored)) as tf.Tensor3D;
}

/** On the grid a cell is foreground or background where that class fills more than half of it, else passed over. */
function gridTargets(truth: tf.Tensor3D, size: readonly [number, number]): tf.Tensor3D {
  const foreground = tf.greater(resizeMasks(truth, size), 0.5);
  const background = tf.greater(resizeMasks(tf.sub(1, truth), size), 0.5);
  const decided = tf.where<tf.Tensor>(foreground, tf.scalar(1), tf.scalar(ignored));
  return tf.where(background, tf.zerosLike(decided), decided) as tf.Tensor3D;
}

function presentRaters(masks: RaterMasks, shot: number): number[] {
  return masks.shots.flatMap((shots, rater) => (shots.includes(shot) ? [rater] : []));
}

function hasForeground(predicted: tf.Tensor3D, rater: number): boolean {
  return tf.tidy(() => tf.max(tf.slice(predicted, [rater, 0, 0], [1, -1, -1])).dataSync()[0]! > 0);
}

function truthOf({ masks }: RaterMasks, shot: number, raters: readonly number[]): tf.Tensor3D {
  const ofShot = tf.squeeze(tf.slice(masks, [0, shot, 0, 0], [-1, 1, -1, -1]), [1]) as tf.Tensor3D;
  return selectShots(ofShot, raters);
}

/** One support image as the query of the reverse pass; it keeps the query's threshold, as Q-Net and RPT do. */
function shotFeatures(support: FeatureMaps, query: FeatureMaps, shot: number): FeatureMaps {
  const maps = support.maps.map((map) => tf.slice(map, [shot, 0, 0, 0], [1, -1, -1, -1]));
  return query.threshold === undefined ? { maps } : { maps, threshold: query.threshold };
}
