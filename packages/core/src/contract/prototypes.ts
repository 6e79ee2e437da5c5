import type * as tf from '@tensorflow/tfjs';
import type { Random } from '../random.js';
import type { ParameterRecord } from './parameters.js';

/** The two classes of an episode. */
export type ClassName = 'background' | 'foreground';

/** Where a pass reads its prototypes: from the support, or, for the alignment loss, from the predicted query. */
export type Direction = 'forward' | 'reverse';

/** The prototypes of one rater (or of the consensus) for one class. */
export interface Prototypes {
  /** One matrix [N, C] a feature map the method uses; N may differ from rater to rater. */
  readonly levels: readonly tf.Tensor2D[];
  /**
   * Matrices that pass a calibrator by as they are: not what the class looks like but what the method makes that from, such
   * as RPT's regions, which it fits to the query itself.
   */
  readonly uncalibrated?: readonly tf.Tensor2D[];
}

/** What a calibrator is given: one class, all raters. */
export interface CalibrationInputs {
  readonly className: ClassName;
  /** Prototypes of each rater, in rater order. */
  readonly raters: readonly Prototypes[];
  /** Raters of the episode, of whom a reverse pass may lack some; as many as `raters` when absent. */
  readonly episodeRaters?: number;
  /** Prototypes of the consensus mask. */
  readonly consensus: Prototypes;
  readonly parameters: ParameterRecord;
  readonly training: boolean;
  readonly direction: Direction;
}

/** What a calibrator answers. */
export interface Calibration {
  /** Calibrated prototypes, in rater order, each with as many rows as before; what passes by need not come back. */
  readonly raters: readonly Prototypes[];
  /** The calibration loss of this class, a scalar. */
  readonly loss: tf.Scalar;
  /** Attention of each level [N, N] (rows sum to one under softmax), rows and columns in rater order. */
  readonly attention?: readonly tf.Tensor2D[];
}

/** Sits between extraction and scoring and personalises prototypes (JAPC, section 2.3). */
export interface PrototypeCalibrator {
  readonly name: string;
  /** How the raters' masks become the consensus mask: their mean, or the pixels more than half of them marked. */
  readonly consensus: 'soft' | 'majority';
  /** Fresh parameters for prototypes of these widths; the caller owns the tensors. */
  init(inputs: { readonly channels: readonly number[]; readonly random: Random }): ParameterRecord;
  calibrate(inputs: CalibrationInputs): Calibration;
}
