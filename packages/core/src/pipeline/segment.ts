import * as tf from '@tensorflow/tfjs';
import {
  type Calibration,
  type ClassName,
  checkSpecificationVersion,
  type FeatureMaps,
  type ParameterRecord,
  type PrototypeMethod,
  type Prototypes,
} from '../contract/index.js';
import { ShapeError } from '../errors.js';
import { createRandom, type Random } from '../random.js';
import { alignmentLoss, decodeOutcomes, hardForeground } from './alignment.js';
import { type ClassOutcome, classify, type Pass } from './classify.js';
import { checkMaskValues } from './mask-values.js';
import { checkRaterMasks, consensusForeground, gridOf, type RaterMasks, raterForeground } from './masks.js';

/** A query to segment, by features alone. */
export interface SegmentInputs extends RaterMasks {
  readonly method: PrototypeMethod;
  readonly parameters: ParameterRecord;
  /** Features of the S support images. */
  readonly support: FeatureMaps;
  /** Features of one query image. */
  readonly query: FeatureMaps;
  /** Training behaviour of the method and its losses; off by default. */
  readonly training?: boolean;
  /** Truth of the query [R, H, W], which some methods' own training losses need. */
  readonly queryMasks?: tf.Tensor3D;
  /** Names of the raters, for errors. */
  readonly names?: readonly string[];
  /** For methods that draw random numbers; a fixed seed by default. */
  readonly random?: Random;
}

/** What was found, and in training what it costs. */
export interface Segmentation {
  /** [R, H, W, 2], background first; `argmax` (ties to background) is the mask, `softmax` the probability. */
  readonly logits: tf.Tensor4D;
  /** Sum over the classes; zero without a calibrator. */
  readonly calibrationLoss: tf.Scalar;
  /** Zero outside training. */
  readonly alignmentLoss: tf.Scalar;
  /** The method's own losses, mean over raters, weights included; empty outside training. */
  readonly auxiliaryLosses: Readonly<Record<string, tf.Scalar>>;
  /** For inspection: prototypes before and after calibration, and who attended to whom. */
  readonly classes: Readonly<
    Partial<Record<ClassName, { readonly prototypes: readonly Prototypes[]; readonly calibration?: Calibration }>>
  >;
  /** Similarities of each class and level [R, h, w], before decoding. */
  readonly similarities: Readonly<Partial<Record<ClassName, readonly tf.Tensor3D[]>>>;
  /** Training only: reverse logits of each shot, at the resolution of the alignment targets. */
  readonly reverseLogits: readonly tf.Tensor4D[];
}

/**
 * Segments one query once for each rater: the episode pipeline that all methods share (JAPC, sections 2.2 to 2.5).
 *
 * Differentiable in features and parameters. The caller owns every tensor of the result.
 *
 * @throws ShapeError where features, masks and shots do not fit together; InputError for masks outside [0, 1]; ConfigError
 * for a method of another version of the contract.
 */
export function segmentFeatures(given: SegmentInputs): Segmentation {
  check(given);
  return tf.tidy(() => {
    const inputs = withFloatMasks(given);
    const { method, parameters, support, query, masks, training = false } = inputs;
    const [raters, , height, width] = masks.shape;
    const random = inputs.random ?? createRandom(1289);
    const pass: Pass = {
      method,
      parameters,
      support,
      query,
      foreground: Array.from({ length: raters }, (_, rater) => raterForeground(inputs, rater)),
      shots: inputs.shots,
      consensus: consensusForeground(inputs, method.calibrator?.consensus ?? 'soft'),
      training,
      direction: 'forward',
      random,
      episodeRaters: raters,
    };
    const outcomes = classify(pass);
    const logits = decodeOutcomes(method, outcomes, [height, width]);
    const found = Object.entries(outcomes) as [ClassName, ClassOutcome][];
    const calibrationLosses = found.flatMap(([, outcome]) => outcome.calibration?.loss ?? []);
    const alignment = training && method.alignment !== undefined ? align(inputs, pass, outcomes, logits) : undefined;
    return {
      logits,
      calibrationLoss: calibrationLosses.length === 0 ? tf.scalar(0) : (tf.addN(calibrationLosses) as tf.Scalar),
      alignmentLoss: alignment?.loss ?? tf.scalar(0),
      auxiliaryLosses: training ? auxiliary(inputs, pass, logits) : {},
      classes: Object.fromEntries(
        found.map(([name, { prototypes, calibration }]) => [
          name,
          calibration === undefined ? { prototypes } : { prototypes, calibration },
        ]),
      ),
      similarities: Object.fromEntries(found.map(([name, outcome]) => [name, outcome.similarities])),
      reverseLogits: alignment?.logits ?? [],
    } as never;
  });
}

/** Masks may be boolean or integer; backends do not mix types, and one of them breaks where they are. */
function withFloatMasks(inputs: SegmentInputs): SegmentInputs {
  const { masks, queryMasks } = inputs;
  return {
    ...inputs,
    masks: tf.cast(masks, 'float32'),
    ...(queryMasks === undefined ? {} : { queryMasks: tf.cast(queryMasks, 'float32') }),
  };
}

/** Frees every tensor of a segmentation. */
export function disposeSegmentation(segmentation: Segmentation): void {
  // Its type has lists that are readonly, which TensorFlow.js's type of what can be freed has not.
  tf.dispose(segmentation as never);
}

function align(inputs: SegmentInputs, pass: Pass, outcomes: ReturnType<typeof classify>, logits: tf.Tensor4D) {
  const onGrid = pass.method.alignment!.predictedMask === 'features';
  const predicted = hardForeground(onGrid ? decodeOutcomes(pass.method, outcomes, gridOf(pass.query)) : logits);
  return alignmentLoss({ pass, masks: inputs, predicted });
}

function auxiliary(inputs: SegmentInputs, pass: Pass, logits: tf.Tensor4D): Record<string, tf.Scalar> {
  const { method } = pass;
  const { queryMasks } = inputs;
  if (method.auxiliaryLosses === undefined || queryMasks === undefined) return {};
  const predicted = hardForeground(logits);
  const plane = (stack: tf.Tensor3D, rater: number) =>
    tf.squeeze(tf.slice(stack, [rater, 0, 0], [1, -1, -1]), [0]) as tf.Tensor2D;
  const ofRaters = pass.foreground.map((supportMask, rater) =>
    method.auxiliaryLosses!({
      ...pass,
      supportMask,
      shots: pass.shots[rater]!,
      queryMask: plane(queryMasks, rater),
      predictedMask: plane(predicted, rater),
    }),
  );
  return Object.fromEntries(
    Object.keys(ofRaters[0]!).map((name) => [
      name,
      tf.div(tf.addN(ofRaters.map((losses) => losses[name]!)), ofRaters.length) as tf.Scalar,
    ]),
  );
}

function check({ method, support, query, masks, shots, queryMasks, names }: SegmentInputs): void {
  checkSpecificationVersion(method);
  const supportImages = support.maps[0]?.shape[0] ?? 0;
  checkRaterMasks({ masks, shots }, supportImages);
  checkMaskValues(masks, names);
  if (query.maps[0]?.shape[0] !== 1) {
    throw new ShapeError(`one query image a call, but features of ${query.maps[0]?.shape[0] ?? 0} were given.`);
  }
  support.maps.forEach((map, level) => {
    const other = query.maps[level];
    if (other === undefined || map.shape.slice(1).join() !== other.shape.slice(1).join()) {
      throw new ShapeError(
        `${method.name}: support features [${map.shape}] and query features [${other?.shape}] must share grid and channels.`,
      );
    }
  });
  for (const [who, features, images] of [
    ['support', support, supportImages],
    ['query', query, 1],
  ] as const) {
    const { threshold } = features;
    if (threshold !== undefined && threshold.shape.join() !== `${images},1`) {
      throw new ShapeError(`${who} thresholds [${threshold.shape}] where [${images},1] is needed.`);
    }
  }
  const [raters, , height, width] = masks.shape;
  if (queryMasks !== undefined && queryMasks.shape.join() !== [raters, height, width].join()) {
    throw new ShapeError(`query masks [${queryMasks.shape}] where [${[raters, height, width]}] is needed.`);
  }
}
