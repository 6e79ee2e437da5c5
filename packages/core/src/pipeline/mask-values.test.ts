import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { InputError } from '../errors.js';
import { checkMaskValues, checkTruthValues } from './mask-values.js';

describe('checkMaskValues', () => {
  it('takes masks in [0, 1] of any dtype, and names who left it', () => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      checkMaskValues(tf.tensor3d([0, 1, 0.5, 1], [2, 1, 2]));
      checkMaskValues(tf.tensor3d([false, true], [2, 1, 1], 'bool'));
      expect(() => checkMaskValues(tf.tensor3d([0, 1, -0.5, 1], [2, 1, 2]), ['a', 'b'])).toThrow(
        'rater b: the mask holds values from -0.5 to 1',
      );
      expect(() => checkMaskValues(tf.tensor3d([0, 255, 0, 1], [2, 1, 2]))).toThrow(InputError);
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('checkTruthValues', () => {
  it('takes 0, 1 and 255, and refuses what a loss would cut off', () => {
    tf.tidy(() => {
      checkTruthValues(tf.tensor3d([0, 1, 255, 1], [2, 1, 2]));
      checkTruthValues(tf.tensor3d([1, 0], [2, 1, 1], 'bool'));
      expect(() => checkTruthValues(tf.tensor3d([0, 1, 1, 0.5], [2, 1, 2]))).toThrow(
        'rater 1: a mask of the truth holds 0.5',
      );
      const spoiled = tf.tensor3d([0, 1, 1, Number.NaN], [2, 1, 2]);
      expect(() => checkTruthValues(spoiled)).toThrow('rater 1: a mask of the truth holds NaN');
      expect(() => checkTruthValues(spoiled, ['ann', 'ben'])).toThrow('rater ben: a mask of the truth holds NaN');
    });
  });
});
