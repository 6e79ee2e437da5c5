import * as tf from '@tensorflow/tfjs';
import type {
  Calibration,
  ClassName,
  Direction,
  FeatureMaps,
  MethodContext,
  ParameterRecord,
  PrototypeMethod,
  Prototypes,
} from '../contract/index.js';
import type { Random } from '../random.js';
import { classMask, gridOf, resizeMasks } from './masks.js';

/** One pass of a method over an episode: forward, or reverse for the alignment loss. */
export interface Pass {
  readonly method: PrototypeMethod;
  readonly parameters: ParameterRecord;
  readonly support: FeatureMaps;
  readonly query: FeatureMaps;
  /** Foreground of each rater [S_r, H, W], at image resolution or already on the feature grid. */
  readonly foreground: readonly tf.Tensor3D[];
  /** The shots each rater outlined. */
  readonly shots: readonly (readonly number[])[];
  /** Consensus foreground [S, H, W], of the same resolution. */
  readonly consensus: tf.Tensor3D;
  readonly training: boolean;
  readonly direction: Direction;
  readonly random: Random;
  /** Raters of the episode, of whom a reverse pass may lack some. */
  readonly episodeRaters: number;
}

/** What a pass found in one class. */
export interface ClassOutcome {
  /** Prototypes of each rater as extracted. */
  readonly prototypes: readonly Prototypes[];
  /** Undefined where the method has no calibrator. */
  readonly calibration: Calibration | undefined;
  /** One map a level [R, h, w]. */
  readonly similarities: readonly tf.Tensor3D[];
}

/** Extracts, calibrates and scores every class the method declares. Call it inside `tf.tidy`. */
export function classify(pass: Pass): Partial<Record<ClassName, ClassOutcome>> {
  return Object.fromEntries(pass.method.classes.map((className) => [className, classifyOne(pass, className)]));
}

function classifyOne(pass: Pass, className: ClassName): ClassOutcome {
  const { method, support, query } = pass;
  const atGrid = (foreground: tf.Tensor3D): tf.Tensor3D => {
    const mask = classMask(foreground, className);
    return method.maskResolution === 'image' ? mask : resizeMasks(mask, gridOf(support));
  };
  const raterMasks = pass.foreground.map(atGrid);
  const consensusMask = consensusOf(pass, raterMasks) ?? atGrid(pass.consensus);
  const context: MethodContext = pass;
  const { parameters, training, direction, random } = context;
  const common = { parameters, training, direction, random, className, support, query };
  const shared = method.share({
    ...common,
    raterMasks,
    consensusMask,
    ...(direction === 'forward' ? { consensusImageMask: classMask(pass.consensus, className) } : {}),
  });
  const prototypes = raterMasks.map((mask, rater) =>
    method.extract({ ...common, mask, shots: pass.shots[rater]!, shared }),
  );
  const calibration = method.calibrator?.calibrate({
    className,
    raters: prototypes,
    episodeRaters: pass.episodeRaters,
    consensus: method.extract({ ...common, mask: consensusMask, shots: everyShot(consensusMask), shared }),
    parameters,
    training,
    direction,
  });
  const scored = prototypes.map((extracted, rater) => {
    const own = { ...extracted, ...calibration?.raters[rater] };
    const inputs = { ...common, prototypes: own, shared };
    const refined = training || method.refine === undefined ? own : { ...own, ...method.refine(inputs) };
    return scoreOrZero(method, { ...inputs, prototypes: refined });
  });
  const levels = scored[0]!.map((_, level) => tf.stack(scored.map((maps) => maps[level]!)) as tf.Tensor3D);
  return { prototypes, calibration, similarities: levels };
}

/**
 * The soft consensus of masks that are on the grid already, as the published program takes it. It is the consensus on
 * the grid but for the last bit, which decides whether a cell that raters share reaches a threshold. None where the
 * consensus is a majority, or raters outlined different shots.
 */
function consensusOf({ method, shots, consensus }: Pass, raterMasks: readonly tf.Tensor3D[]): tf.Tensor3D | undefined {
  if (method.calibrator?.consensus === 'majority') return undefined;
  if (shots.some((own) => own.length !== consensus.shape[0])) return undefined;
  return tf.div(tf.addN([...raterMasks]), raterMasks.length);
}

/** A rater without any prototype is similar to nothing: zero everywhere, as the published program has it. */
function scoreOrZero(method: PrototypeMethod, inputs: Parameters<PrototypeMethod['score']>[0]): readonly tf.Tensor2D[] {
  if (inputs.prototypes.levels.every((level) => level.shape[0] > 0)) return method.score(inputs);
  return inputs.prototypes.levels.map((_, level) => {
    const [, height, width] = inputs.query.maps[level]!.shape;
    return tf.zeros([height, width]) as tf.Tensor2D;
  });
}

function everyShot(mask: tf.Tensor3D): number[] {
  return Array.from({ length: mask.shape[0] }, (_, shot) => shot);
}
