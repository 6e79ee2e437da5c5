import type { ClassName } from '@fsmr/core';
import type * as tf from '@tensorflow/tfjs';
import { windowCoverage } from './coverage.js';

/**
 * Which prototypes a mask gives: one of each pooled cell it fills (`grid`), these and its mean feature (`grid+class`),
 * or its mean feature alone (`class`).
 */
export type PrototypeMode = 'grid' | 'grid+class' | 'class';

/** The window of the test is fixed; it does not follow the pooling of the prototypes. */
const testWindow = 4;

/**
 * The mode of a class, the same for all raters: the background is always read by cells, the foreground only if it
 * fills at least one window of 4 x 4 feature cells (ALPNet; JAPC decides on the consensus).
 *
 * @param mask the class in the support [S, h, w], in [0, 1]
 */
export function prototypeMode(className: ClassName, mask: tf.Tensor3D, threshold: number): PrototypeMode {
  if (className === 'background') return 'grid';
  const [, height, width] = mask.shape;
  const window = [Math.min(testWindow, height), Math.min(testWindow, width)] as const;
  const fullest = windowCoverage(mask, window).reduce((most, share) => Math.max(most, share), 0);
  // The published program compares in float32.
  return fullest >= Math.fround(threshold) ? 'grid+class' : 'class';
}
