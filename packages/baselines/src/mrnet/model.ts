import type { Encoder } from '@fsmr/backbones';
import type { ParameterRecord, Random } from '@fsmr/core';
import type * as tf from '@tensorflow/tfjs';
import type { Network } from '../network/network.js';
import { type CoarseNet, publishedCoarseNet, type RatersAndClasses, sharedCoarseNet } from './coarse-net.js';
import { type ReconstructionInputs, type ReconstructionOutputs, reconstructionNet } from './reconstruction-net.js';
import { type RefinementInputs, refinementNet } from './refinement-net.js';

/** MRNet's three networks. */
export interface Mrnet extends RatersAndClasses {
  readonly coarse: CoarseNet;
  readonly reconstruction: Network<ReconstructionInputs, ReconstructionOutputs>;
  readonly refinement: Network<RefinementInputs, tf.Tensor4D>;
}

/** One value for each of the three networks. */
export interface ByNetwork<Value> {
  readonly coarse: Value;
  readonly reconstruction: Value;
  readonly refinement: Value;
}

/** MRNet as published: ResNet-34, VGG-16, six raters and two classes (disc and cup) unless given. */
export function publishedMrnet({ raters = 6, classes = 2 }: Partial<RatersAndClasses> = {}): Mrnet {
  return assemble(publishedCoarseNet({ raters, classes }), { raters, classes });
}

/** Sizes of {@link sharedMrnet}. */
export interface SharedMrnetOptions {
  readonly encoder: Encoder;
  readonly raters: number;
  /** 1 unless given. */
  readonly classes?: number;
  /** Channels of the decoder, even; those of the encoder's features unless given. */
  readonly width?: number;
  /**
   * Channels of the reconstruction network's first block, a multiple of 4; 64 unless given. With 32 a step takes three
   * fifths of the time.
   */
  readonly reconstructionWidth?: number;
  /** Channels of the refinement network; 64 unless given. */
  readonly refinementWidth?: number;
}

/** MRNet with an encoder of `@fsmr/backbones` in its coarse network (spec section 11.3). */
export function sharedMrnet(options: SharedMrnetOptions): Mrnet {
  const { encoder, raters, classes = 1, width, reconstructionWidth, refinementWidth } = options;
  const coarse = sharedCoarseNet({ encoder, raters, classes, ...(width !== undefined && { width }) });
  return assemble(coarse, { raters, classes, reconstructionWidth, refinementWidth });
}

interface Widths extends RatersAndClasses {
  readonly reconstructionWidth?: number | undefined;
  readonly refinementWidth?: number | undefined;
}

function assemble(coarse: CoarseNet, widths: Widths): Mrnet {
  const { raters, classes, reconstructionWidth = 64, refinementWidth = 64 } = widths;
  return {
    raters,
    classes,
    coarse,
    reconstruction: reconstructionNet({ raters, classes, width: reconstructionWidth }),
    refinement: refinementNet({ classes, inputs: coarse.width, width: refinementWidth }),
  };
}

/**
 * Fresh parameters of the three networks; the caller owns them.
 *
 * @param encoder trained parameters of the coarse network's encoder under its own names, copied; drawn where absent
 */
export function initMrnet(
  { coarse, reconstruction, refinement }: Mrnet,
  random: Random,
  encoder?: ParameterRecord,
): ByNetwork<ParameterRecord> {
  return {
    coarse: coarse.init(random.fork('coarse'), encoder),
    reconstruction: reconstruction.init(random.fork('reconstruction')),
    refinement: refinement.init(random.fork('refinement')),
  };
}
