import * as tf from '@tensorflow/tfjs';
import { adamStart, adamStep, refinementAdam } from './adam.js';
import { foregroundMask } from './probability.js';
import type { QueryStatistics } from './query-statistics.js';
import { reconstructionGradient } from './reconstruction.js';

/** What one prototype is refined on. */
export interface RefineInputs {
  readonly query: QueryStatistics;
  /** [1, C] */
  readonly prototype: tf.Tensor2D;
  /** T of the query, [1, 1]. */
  readonly threshold: tf.Tensor;
  readonly iterations: number;
}

/**
 * Refines a prototype on the query itself, at test time (Q-Net, query-informed prototype refinement): each iteration predicts the query, puts
 * the prototype in the place of the predicted foreground, and takes one step of a fresh Adam on how well that
 * reconstructs the query's features. See {@link reconstructionGradient}.
 *
 * @returns the refined prototype [1, C]; no gradient passes through it.
 */
export function refinePrototype({ query, prototype, threshold, iterations }: RefineInputs): tf.Tensor2D {
  let state = adamStart(new Float32Array(prototype.dataSync()));
  const offset = threshold.dataSync()[0]!;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const mask = foregroundMask(query.unit, state.values, offset);
    state = adamStep(state, reconstructionGradient(query, state.values, mask), refinementAdam);
  }
  return tf.tensor2d(state.values, [1, state.values.length]);
}
