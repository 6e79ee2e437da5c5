import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { filledCells, poolCells, selectCells, trainingWindow } from './grid.js';

describe('grid cells', () => {
  it('takes the published window of 4 on a grid of 32, and never less than one cell', () => {
    expect(trainingWindow([32, 32], 8)).toEqual([4, 4]);
    expect(trainingWindow([18, 16], 8)).toEqual([2, 2]);
    expect(trainingWindow([26, 20], 5)).toEqual([5, 4]);
    expect(trainingWindow([5, 40], 8)).toEqual([1, 5]);
  });

  it('keeps a cell only above the threshold: three quarter steps short of full, not four', () => {
    tf.tidy(() => {
      const almost = tf.buffer([1, 4, 4]);
      for (let i = 0; i < 16; i++) almost.set(1, 0, i >> 2, i & 3);
      almost.set(0.25, 0, 0, 0);
      expect(filledCells(almost.toTensor() as tf.Tensor3D, [0], [4, 4], 0.95)).toEqual([0]);
      almost.set(0, 0, 0, 0);
      expect(filledCells(almost.toTensor() as tf.Tensor3D, [0], [4, 4], 0.95)).toEqual([]);
    });
  });

  it('numbers the cells by shot, of the shots the mask speaks of', () => {
    tf.tidy(() => {
      const mask = tf.concat([tf.ones([1, 2, 2]), tf.zeros([1, 2, 2])]) as tf.Tensor3D;
      expect(filledCells(mask, [1, 3], [1, 2], 0.95)).toEqual([2, 3]);
    });
  });

  it('pools in reading order and drops what remains at the edge', () => {
    tf.tidy(() => {
      const features = tf.reshape(tf.range(0, 15), [1, 3, 5, 1]) as tf.Tensor4D;
      expect([...poolCells(features, [2, 2]).dataSync()]).toEqual([3, 5]);
    });
  });

  it('selects rows with a gradient, and none at all', () => {
    tf.tidy(() => {
      const cells = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
      expect([...selectCells(cells, [2, 0]).dataSync()]).toEqual([5, 6, 1, 2]);
      expect(selectCells(cells, []).shape).toEqual([0, 2]);
      const gradient = tf.grad((x) => tf.sum(selectCells(x as tf.Tensor2D, [2, 2])))(cells);
      expect([...gradient.dataSync()]).toEqual([0, 0, 0, 0, 2, 2]);
    });
  });
});
