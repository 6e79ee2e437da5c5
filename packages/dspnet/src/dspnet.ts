/**
 * DSPNet: ALPNet with detail put into its prototypes, from neighbouring channels and from soft superpixels.
 *
 * S. Tang, S. Yan, X. Qi, J. Gao, M. Ye, J. Zhang, X. Zhu: Few-shot medical image segmentation with high-fidelity
 * prototypes. Medical Image Analysis, 2025.
 */
import { type AlpnetShared, alpnet, filledCells, meanOverShots, selectCells } from '@fsmr/alpnet';
import {
  type ClassInputs,
  definePrototypeMethod,
  type ExtractInputs,
  type ParameterRecord,
  type PrototypeMethod,
  safeNormalize,
  WeightsError,
} from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { initialMixing, mixChannels } from './channel-mixing.js';
import { refinedClassPrototype } from './class-prototype.js';
import { crossAttention } from './cross-attention.js';
import { type DspnetOptions, resolveDspnetOptions } from './options.js';
import { countedSeeds, placeSeeds, type Seed } from './seeds.js';

/** The one parameter, as the published checkpoints name it. */
const mixingName = 'cls_unit.cal';

/** What all raters of a class have in common; the cells are those of ALPNet after channel mixing. */
export interface DspnetShared extends AlpnetShared {
  /** Support features after cross attention with the query [S, h * w, C]; the foreground alone needs them. */
  readonly attended?: tf.Tensor3D;
  /** Seeds of each shot, from the consensus mask; none in the reverse pass. */
  readonly seeds: readonly (readonly Seed[])[];
}

/**
 * The method. Its one parameter is `cls_unit.cal` [C, C], learned at 1e-4 of the base rate.
 *
 * The published program takes one support image. With K, every shot is treated as it treats its only one: seeds, cross
 * attention and class prototype are the shot's own, and the class prototypes join as in ALPNet (averaged where they
 * stand alone, side by side in `grid+class`); channels are mixed over the cells of all shots together.
 *
 * Prototypes read by cells have unit length, class prototypes alone their natural one, as in the published program,
 * which matters to calibrators. Where a mask read by cells fills none, its mean feature takes over (option `emptyGrid`).
 *
 * @throws ConfigError where an option makes no sense.
 * @throws WeightsError where `cls_unit.cal` is missing, ShapeError where its size is wrong.
 */
export function dspnet(options: DspnetOptions = {}): PrototypeMethod<DspnetShared> {
  const resolved = resolveDspnetOptions(options);
  const base = alpnet(resolved);
  return definePrototypeMethod<DspnetShared>({
    name: 'dspnet',
    alignment: resolved.alignment,
    init: ({ channels }) => ({ [mixingName]: initialMixing(channels[0]!) }),
    learningRateScale: (name) => (name === mixingName ? 1e-4 : 1),
    share: (inputs) => tf.tidy(() => shareDetail(inputs, base.share(inputs), resolved) as never),
    extract: (inputs) => {
      const ofMode = {
        class: () => meanOverShots(classPrototypes(inputs, resolved)),
        grid: () => unitRows(base.extract(inputs).levels[0]!),
        'grid+class': () => unitRows(cellAndClassPrototypes(inputs, resolved)),
      };
      return { levels: [tf.tidy(ofMode[inputs.shared.mode])] };
    },
    score: (inputs) => base.score(inputs),
  });
}

function shareDetail(inputs: ClassInputs, base: AlpnetShared, options: Required<DspnetOptions>): DspnetShared {
  const { className, parameters, support, query } = inputs;
  const foreground = className === 'foreground';
  const alpha = foreground ? options.foregroundAlpha : options.backgroundAlpha;
  return {
    ...base,
    ...(base.cells === undefined ? {} : { cells: mixChannels(base.cells, mixingOf(parameters), alpha) }),
    ...(foreground ? { attended: crossAttention(support.maps[0]!, query.maps[0]!) } : {}),
    seeds: foreground ? seedsOf(inputs, options) : [],
  };
}

function mixingOf(parameters: ParameterRecord): tf.Tensor2D {
  const mixing = parameters[mixingName];
  if (mixing === undefined) {
    throw new WeightsError(`DSPNet needs the parameter ${mixingName}.`, {
      remedy: 'Start from dspnet().init or load a DSPNet checkpoint.',
    });
  }
  return mixing as tf.Tensor2D;
}

/** Seeds of every shot; the consensus holds where more than half of the raters marked. */
function seedsOf({ consensusImageMask, support }: ClassInputs, options: Required<DspnetOptions>): Seed[][] {
  if (consensusImageMask === undefined) return [];
  const [shots, height, width] = consensusImageMask.shape;
  const [, rows, columns] = support.maps[0]!.shape;
  const grid = options.seedGrid === 'upright' ? ([rows, columns] as const) : ([columns, rows] as const);
  const consensus = consensusImageMask.dataSync().map((share) => (share > 0.5 ? 1 : 0));
  const area = height * width;
  return Array.from({ length: shots }, (_, shot) => {
    const mask = consensus.subarray(shot * area, (shot + 1) * area);
    return countedSeeds(placeSeeds(mask, [height, width], grid, options));
  });
}

/** [S_r, C] */
function classPrototypes(
  { support, mask, shots, shared }: ExtractInputs<DspnetShared>,
  { clusteringSteps }: Required<DspnetOptions>,
): tf.Tensor2D {
  const rows = shots.map((shot, i) =>
    refinedClassPrototype({
      features: tf.slice(support.maps[0]!, shot, 1),
      attended: tf.squeeze(tf.slice(shared.attended!, shot, 1), [0]),
      mask: tf.slice(mask, i, 1),
      seeds: shared.seeds[shot] ?? [],
      clusteringSteps,
    }),
  );
  return tf.concat(rows, 0);
}

/** [N + S_r, C] */
function cellAndClassPrototypes(inputs: ExtractInputs<DspnetShared>, options: Required<DspnetOptions>): tf.Tensor2D {
  const { mask, shots, shared } = inputs;
  const filled = filledCells(mask, shots, shared.window, options.foregroundThreshold);
  const ofClass = classPrototypes(inputs, options);
  return filled.length === 0 ? ofClass : tf.concat([selectCells(shared.cells!, filled), ofClass], 0);
}

function unitRows(prototypes: tf.Tensor2D): tf.Tensor2D {
  return prototypes.shape[0] === 0 ? prototypes : (safeNormalize(prototypes) as tf.Tensor2D);
}
