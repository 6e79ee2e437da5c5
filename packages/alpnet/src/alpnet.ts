/**
 * ALPNet: prototypes of the cells of a grid, chosen by how far a mask fills them.
 *
 * C. Ouyang, C. Biffi, C. Chen, T. Kart, H. Qiu, D. Rueckert: Self-supervision with superpixels: training few-shot
 * medical image segmentation without annotation. ECCV 2020.
 */
import { definePrototypeMethod, type ExtractInputs, type PrototypeMethod } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { classPrototypes, meanOverShots } from './class-prototype.js';
import { filledCells, type PoolingWindow, poolCells, selectCells, trainingWindow } from './grid.js';
import { type PrototypeMode, prototypeMode } from './mode.js';
import { type AlpnetOptions, resolveAlpnetOptions } from './options.js';
import { softAssignment } from './soft-assignment.js';

/** What all raters of a class have in common. */
export interface AlpnetShared {
  readonly mode: PrototypeMode;
  readonly window: PoolingWindow;
  /** Mean features of the grid cells of all support images [S * G, C]; absent where the mode needs none. */
  readonly cells?: tf.Tensor2D;
}

/**
 * The method. It has no parameters.
 *
 * With K shots the cells of all shots are prototypes side by side, and so are the mean features in `grid+class`; where
 * the mean feature stands alone, it is averaged over the shots. Where a mask read by cells fills none, its mean feature
 * takes over (option `emptyGrid`).
 *
 * @throws ConfigError where an option makes no sense.
 */
export function alpnet(options: AlpnetOptions = {}): PrototypeMethod<AlpnetShared> {
  const resolved = resolveAlpnetOptions(options);
  const { foregroundThreshold, backgroundThreshold, protoGridSize, evaluationWindow, scale } = resolved;
  const thresholds = { foreground: foregroundThreshold, background: backgroundThreshold };
  return definePrototypeMethod<AlpnetShared>({
    name: 'alpnet',
    alignment: resolved.alignment,
    share: ({ className, consensusMask, support, training, direction }) => {
      const features = support.maps[0]!;
      const [, height, width] = features.shape;
      // The reverse pass pools as in training wherever it is run.
      const window =
        training || direction === 'reverse'
          ? trainingWindow([height, width], protoGridSize)
          : ([Math.min(evaluationWindow, height), Math.min(evaluationWindow, width)] as const);
      const mode = prototypeMode(className, consensusMask, foregroundThreshold);
      return mode === 'class' ? { mode, window } : { mode, window, cells: poolCells(features, window) };
    },
    extract: (inputs) => ({ levels: [alpnetPrototypes(inputs, thresholds[inputs.className], resolved.emptyGrid)] }),
    score: ({ query, prototypes }) => [softAssignment(query.maps[0]!, prototypes.levels[0]!, scale)],
  });
}

function alpnetPrototypes(
  { support, mask, shots, shared }: ExtractInputs<AlpnetShared>,
  threshold: number,
  emptyGrid: 'class-prototype' | 'none',
): tf.Tensor2D {
  const { mode, window, cells } = shared;
  return tf.tidy(() => {
    const ofClass = () => classPrototypes(support.maps[0]!, mask, shots);
    if (mode === 'class' || cells === undefined) return meanOverShots(ofClass());
    const filled = filledCells(mask, shots, window, threshold);
    if (mode === 'grid') {
      return filled.length === 0 && emptyGrid === 'class-prototype'
        ? meanOverShots(ofClass())
        : selectCells(cells, filled);
    }
    return filled.length === 0 ? ofClass() : tf.concat([selectCells(cells, filled), ofClass()], 0);
  });
}
