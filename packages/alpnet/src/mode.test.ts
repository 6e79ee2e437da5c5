import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
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
