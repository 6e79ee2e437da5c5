import {
  addPrefix,
  type Calibration,
  type CalibrationInputs,
  type ClassName,
  type ParameterRecord,
  type PrototypeCalibrator,
  type Prototypes,
  type Random,
  WeightsError,
} from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { type CalibratedLevel, calibrateLevel } from './level.js';
import { operatorOf } from './operators.js';
import { type JapcOptions, type ResolvedOptions, resolveOptions } from './options.js';
import { defaultProjectionWidth, initProjections, projectionPrefix } from './parameters.js';
import { initResidualMlp, residualMlpName } from './residual-mlp.js';

/** Options of the calibrator alone, for methods put together by hand. */
export interface CalibratorOptions extends JapcOptions {
  /** The classes that get projections where these are separate; both unless given. */
  readonly classes?: readonly ClassName[];
}

/**
 * Joint Attention-based Prototype Calibration (JAPC, section 2.3): the prototypes of all raters attend to each other
 * jointly, class by class and level by level, with the same projections.
 *
 * A rater without prototypes of a class keeps none; where nobody has any, the loss is zero.
 *
 * @throws ConfigError on options that make no sense; `calibrate` throws WeightsError where parameters are missing and
 * ShapeError where they do not fit.
 */
export function japcCalibrator({ classes, ...given }: CalibratorOptions = {}): PrototypeCalibrator {
  const options = resolveOptions(given);
  return {
    name: 'japc',
    consensus: options.consensus,
    init: ({ channels, random }) =>
      initParameters(options, classes ?? ['background', 'foreground'], channels, random.fork('japc')),
    calibrate: (inputs) => calibrate(options, inputs),
  };
}

function initParameters(
  options: ResolvedOptions,
  classes: readonly ClassName[],
  channels: readonly number[],
  random: Random,
): ParameterRecord {
  const { prefix, projectionWidth, projections, residual, operator } = options;
  const widths = [...new Set(channels)];
  if (operator === 'residual-mlp') {
    const records = widths.flatMap((width, i) =>
      classes.map((owner) => {
        const own = residualMlpName(prefix, owner, i === 0 ? undefined : width);
        return addPrefix(initResidualMlp(width, random.fork(own)), own);
      }),
    );
    return Object.assign({}, ...records);
  }
  const owners = projections === 'separate' ? classes : [undefined];
  const records = owners.flatMap((owner) =>
    widths.map((width, i) => {
      const columns =
        projectionWidth === 'full'
          ? width
          : projectionWidth === 'budget'
            ? defaultProjectionWidth(width)
            : projectionWidth;
      const own = projectionPrefix(prefix, owner, i === 0 ? undefined : width);
      return addPrefix(initProjections({ ...options, channels: width, width: columns, random: random.fork(own) }), own);
    }),
  );
  const gain = residual === false ? {} : { [`${prefix}gain`]: tf.tensor1d([residual]) };
  return Object.assign({}, ...records, gain);
}

function calibrate(options: ResolvedOptions, inputs: CalibrationInputs): Calibration {
  const { raters, consensus, parameters, className, episodeRaters = raters.length } = inputs;
  // Where one of several predicted something to align, the episode is still one of several raters.
  if (episodeRaters === 1 && options.oneRater === 'base') return { raters, loss: tf.scalar(0) };
  return tf.tidy(() => {
    const levels = consensus.levels.map((ofConsensus, level) => {
      const own = raters.map(({ levels }) => levels[level]!);
      return calibrateLevel({
        raters: own,
        consensus: ofConsensus,
        operate: operatorOf(options, parameters, className, ofConsensus.shape[1]),
        gain: gainOf(options, parameters),
        options,
      });
    });
    return {
      raters: raters.map((_, rater): Prototypes => ({ levels: levels.map(({ raters: own }) => own[rater]!) })),
      loss: totalLoss(levels, options),
      attention: levels.map(({ attention }) => attention),
      // The type of tidy knows no arrays that are readonly.
    } as never;
  });
}

function gainOf({ residual, prefix }: ResolvedOptions, parameters: ParameterRecord): tf.Tensor | undefined {
  if (residual === false) return undefined;
  const gain = parameters[`${prefix}gain`];
  if (gain === undefined) {
    throw new WeightsError(`${prefix}gain is missing.`, {
      remedy: 'Parameters without a residual form need the option residual: false.',
    });
  }
  return gain;
}

/** Sums add over levels as over classes; means stay means. */
function totalLoss(levels: readonly CalibratedLevel[], { loss }: ResolvedOptions): tf.Scalar {
  const sum = tf.addN(levels.map((level) => level.loss)) as tf.Scalar;
  return loss === 'sum' ? sum : tf.div(sum, levels.length);
}
