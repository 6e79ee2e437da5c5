import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { windowCoverage } from './coverage.js';
import { filledCells } from './grid.js';
import { prototypeMode } from './mode.js';

/** A mask [1, 8, 8] with a filled rectangle of the given size at a corner of the 4 x 4 windows. */
function rectangle(rows: number, columns: number): tf.Tensor3D {
  return tf.tidy(() => {
    const mask = tf.buffer([1, 8, 8]);
    for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) mask.set(1, 0, row, column);
    return mask.toTensor() as tf.Tensor3D;
  });
}

describe('prototype mode', () => {
  it('reads a foreground by cells if it fills a window of 4 x 4', () => {
    tf.tidy(() => {
      expect(prototypeMode('foreground', rectangle(4, 4), 0.95)).toBe('grid+class');
      expect(prototypeMode('foreground', rectangle(3, 8), 0.95)).toBe('class');
      expect(prototypeMode('foreground', tf.zeros([1, 8, 8]), 0.95)).toBe('class');
    });
  });

  it('counts a window filled to exactly the threshold', () => {
    tf.tidy(() => {
      expect(prototypeMode('foreground', tf.fill([1, 4, 4], 0.5), 0.5)).toBe('grid+class');
    });
  });

  it('rounds windows that five raters fill to exactly 0.95 as PyTorch does', () => {
    tf.tidy(() => {
      // Four raters fill a window and the fifth three of its four rows; sums in reading order end at 0.95 or one bit above.
      const firstMissing = tf.buffer([1, 4, 4], 'float32', new Float32Array(16).fill(1, 4)).toTensor() as tf.Tensor3D;
      const lastMissing = tf.reverse(firstMissing, 1);
      const of = (fifth: tf.Tensor3D): tf.Tensor3D => tf.div(tf.addN([...Array(4).fill(tf.ones([1, 4, 4])), fifth]), 5);
      expect([...windowCoverage(of(firstMissing), [4, 4])]).toEqual([Math.fround(0.95)]);
      expect([...windowCoverage(of(lastMissing), [4, 4])]).toEqual([0.9500000476837158]);
      for (const fifth of [firstMissing, lastMissing]) {
        expect(prototypeMode('foreground', of(fifth), 0.95)).toBe('grid+class');
      }
      expect(filledCells(of(firstMissing), [0], [4, 4], 0.95)).toEqual([]);
      expect(filledCells(of(lastMissing), [0], [4, 4], 0.95)).toEqual([0]);
    });
  });

  it('is decided by the fullest shot', () => {
    tf.tidy(() => {
      const mask = tf.concat([rectangle(1, 1), rectangle(4, 4)], 0) as tf.Tensor3D;
      expect(prototypeMode('foreground', mask, 0.95)).toBe('grid+class');
    });
  });

  it('always reads the background by cells, and takes grids smaller than the window', () => {
    tf.tidy(() => {
      expect(prototypeMode('background', tf.zeros([1, 8, 8]), 0.95)).toBe('grid');
      expect(prototypeMode('foreground', tf.ones([1, 2, 3]), 0.95)).toBe('grid+class');
    });
  });
});
