import { expectClose } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { adamStep, cosineAnnealing, disposeTrained, type Trained } from './adam.js';

describe('Adam', () => {
  it('moves as torch.optim.Adam with weight decay, and frees what it replaces', () => {
    const before = tf.memory().numTensors;
    let state: Trained = { parameters: { w: tf.tensor1d([1, -2, 0.5]), still: tf.scalar(1) }, moments: {} };
    const expected = [
      [0.9, -1.9, 0.4],
      [0.8131167, -1.8628463, 0.4180917],
      [0.744966, -1.8291519, 0.3671238],
    ];
    for (const [index, gradient] of [
      [0.1, -0.2, 0.3],
      [0.5, 0.1, -0.4],
      [0, 0, 1],
    ].entries()) {
      const w = tf.tensor1d(gradient);
      state = adamStep(state, { w }, { learningRate: 0.1, weightDecay: 0.01 });
      w.dispose();
      expectClose(state.parameters.w!, expected[index]!, 1e-6);
    }
    expect(state.parameters.still!.dataSync()[0]).toBe(1);
    expect(state.moments.still).toBeUndefined();
    disposeTrained(state);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('can be annealed along half a cosine', () => {
    expect(cosineAnnealing(1e-4, 0, 50)).toBe(1e-4);
    expect(cosineAnnealing(1e-4, 1, 50)).toBeCloseTo(9.990133642e-5, 12);
    expect(cosineAnnealing(1e-4, 25, 50)).toBeCloseTo(5e-5, 12);
    expect(cosineAnnealing(1e-4, 50, 50)).toBeCloseTo(0, 12);
  });
});
