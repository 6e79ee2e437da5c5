import { allShots, type PrototypeMethod, segmentFeatures } from '@fsmr/core';
import { japc } from '@fsmr/japc';
import { expectClose, expectNoLeak } from '@fsmr/testing';
import { disposeState } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { panet } from './panet.js';
import { evaluateOnPhantom, trainOnPhantom } from './phantom.js';

/** The left half of the grid looks like the support's foreground, the right half like its background. */
const features = tf.tidy(() =>
  tf.tensor4d(Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? [1, 0] : [0, 1])).flat(), [1, 4, 4, 2]),
);
const left = tf.tensor4d(
  Float32Array.from({ length: 2 * 64 }, (_, i) => (i % 8 < 4 ? 1 : 0)),
  [2, 1, 8, 8],
);

describe('a method of our own', () => {
  it('is a method, and stays one when wrapped', () => {
    expectTypeOf(panet()).toExtend<PrototypeMethod>();
    expectTypeOf(japc(panet())).toEqualTypeOf<ReturnType<typeof panet>>();
  });

  it('finds what looks like the support', () => {
    const inputs = { support: { maps: [features] }, query: { maps: [features] }, masks: left, shots: allShots(2, 1) };
    const { logits } = segmentFeatures({ method: panet(), parameters: {}, ...inputs });
    expectClose(tf.argMax(logits, 3), tf.squeeze(left, [1]));
    expectNoLeak(() => segmentFeatures({ method: panet(), parameters: {}, ...inputs }) as never);
  });

  it('trains and is evaluated on the phantom, personalised', async () => {
    const before = tf.memory().numTensors;
    const state = await trainOnPhantom({ steps: 8, seed: 1 });
    const { dice, byRater } = await evaluateOnPhantom(state);
    disposeState(state);
    expect(dice).toBeGreaterThan(0);
    expect(Object.keys(byRater)).toEqual(['generous', 'tight', 'smooth']);
    expect(tf.memory().numTensors).toBe(before);
  });
});
