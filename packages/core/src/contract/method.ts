import type * as tf from '@tensorflow/tfjs';
import type { Random } from '../random.js';
import type { FeatureMaps } from './features.js';
import type { ParameterRecord } from './parameters.js';
import type { ClassName, Direction, PrototypeCalibrator, Prototypes } from './prototypes.js';

/** What every question to a method comes with. */
export interface MethodContext {
  readonly parameters: ParameterRecord;
  readonly training: boolean;
  readonly direction: Direction;
  /** Seeded; methods without randomness ignore it. */
  readonly random: Random;
}

/** One class of an episode with the masks of all raters. */
export interface ClassInputs extends MethodContext {
  readonly className: ClassName;
  /** Features of the S support images. */
  readonly support: FeatureMaps;
  /** Features of the one query image. */
  readonly query: FeatureMaps;
  /** A mask a rater [S_r, h, w] at the method's `maskResolution`, S_r the shots this rater outlined. */
  readonly raterMasks: readonly tf.Tensor3D[];
  /** The consensus mask [S, h, w], in [0, 1]. */
  readonly consensusMask: tf.Tensor3D;
  /** The consensus at image resolution [S, H, W]; absent in the reverse pass of methods that predict at feature size. */
  readonly consensusImageMask?: tf.Tensor3D;
}

/** One mask whose prototypes are wanted. */
export interface ExtractInputs<Shared> extends MethodContext {
  readonly className: ClassName;
  readonly support: FeatureMaps;
  readonly query: FeatureMaps;
  /** [S_r, h, w] at the method's `maskResolution`, in [0, 1]. */
  readonly mask: tf.Tensor3D;
  /** Which of the S support images the mask speaks of, ascending. */
  readonly shots: readonly number[];
  /** What `share` answered for this class. */
  readonly shared: Shared;
}

/** One set of prototypes to compare with the query. */
export interface ScoreInputs<Shared> extends MethodContext {
  readonly className: ClassName;
  readonly query: FeatureMaps;
  readonly prototypes: Prototypes;
  readonly shared: Shared;
}

/** The similarities of all raters, to be turned into logits. */
export interface DecodeInputs {
  /** For each class the method declares, one map a level, each [R, h, w]. */
  readonly similarities: Readonly<Partial<Record<ClassName, readonly tf.Tensor3D[]>>>;
  /** The size wanted, [height, width]. */
  readonly size: readonly [number, number];
}

/** What a method's own losses may look at, for one rater; see RPT. */
export interface AuxiliaryInputs extends MethodContext {
  readonly support: FeatureMaps;
  /** The rater's support masks at image resolution [S_r, H, W]. */
  readonly supportMask: tf.Tensor3D;
  readonly shots: readonly number[];
  readonly query: FeatureMaps;
  /** The rater's query mask [H, W], 0 or 1. */
  readonly queryMask: tf.Tensor2D;
  /** The rater's predicted query mask [H, W], 0 or 1, without gradient. */
  readonly predictedMask: tf.Tensor2D;
}

/** How a method wants the alignment loss: the support segmented back from the predicted query. */
export interface AlignmentRule {
  /** Where the prediction is made hard: on the feature grid or on the upsampled image. */
  readonly predictedMask: 'features' | 'image';
  /** Where the loss is taken; on the feature grid, cells no mask fills by more than half are ignored. */
  readonly targets: 'features' | 'image';
  /** Leave a rater out whose predicted foreground is empty. */
  readonly skipEmpty: boolean;
}

/**
 * A prototype-based few-shot segmentation method.
 *
 * It answers three questions and nothing else: which prototypes does a mask give (`extract`, Φ), how similar is each
 * query position to them (`score`), and how do similarities become logits (`decode`). Raters, classes, shots, mask
 * resizing and the alignment loss are the pipeline's. Start from {@link definePrototypeMethod}, which fills in what a
 * plain method need not say.
 */
export interface PrototypeMethod<Shared = unknown> {
  /** Which version of this contract the method answers to; see {@link checkSpecificationVersion}. */
  readonly specificationVersion: 'fsmr-1';
  readonly name: string;
  /** The classes that have prototypes; methods without background prototypes list the foreground alone. */
  readonly classes: readonly ClassName[];
  /** Where `extract` wants its masks: resized to the first feature map, or at image resolution. */
  readonly maskResolution: 'features' | 'image';
  /** Loss weights of background and foreground in the query loss. */
  readonly classWeights: readonly [number, number];
  /** Undefined: the method has no alignment loss. */
  readonly alignment?: AlignmentRule | undefined;
  /** Sits between `extract` and `score`; see {@link withCalibrator}. */
  readonly calibrator?: PrototypeCalibrator | undefined;
  /** Fresh parameters of the method for feature maps of these widths; the caller owns the tensors. */
  init(inputs: { readonly channels: readonly number[]; readonly random: Random }): ParameterRecord;
  /** Factor on the base learning rate for one of the method's parameters. */
  learningRateScale(name: string): number;
  /** What all raters of a class have in common, computed once: a mode, pooled features. */
  share(inputs: ClassInputs): Shared;
  extract(inputs: ExtractInputs<Shared>): Prototypes;
  /** @returns one map [h, w] a level. */
  score(inputs: ScoreInputs<Shared>): readonly tf.Tensor2D[];
  /** @returns logits [R, height, width, 2], background first. */
  decode(inputs: DecodeInputs): tf.Tensor4D;
  /** Improves prototypes on the query itself; outside training only (Q-Net). */
  refine?(inputs: ScoreInputs<Shared>): Prototypes;
  /** Further training losses of one rater, weights included (RPT). */
  auxiliaryLosses?(inputs: AuxiliaryInputs): Readonly<Record<string, tf.Scalar>>;
}
