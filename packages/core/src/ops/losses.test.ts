import { expectClose, expectNoLeak, loadOracle, type Oracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ShapeError } from '../errors.js';
import { clampProbabilities, crossEntropy } from './losses.js';

describe.skipIf(oracleCases('ops').length === 0).each(oracleCases('ops'))('cross entropy of oracle %s', (name) => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = loadOracle(name);
  });

  it.each([
    ['plain', {}],
    ['weighted', { classWeights: [0.05, 1] }],
  ])('%s', (mode, options) => {
    const logits = oracle.nhwc('ce_logits');
    const labels = oracle.tensor('ce_label');
    const loss = (x: tf.Tensor): tf.Scalar => crossEntropy(x, labels, options);
    expectClose(loss(logits), [oracle.scalar(`ce_${mode}_loss`)]);
    expectClose(tf.grad(loss)(logits), oracle.nhwc(`ce_${mode}_glogits`), 1e-3);
  });
});

describe('clampProbabilities', () => {
  const probabilities = tf.tensor1d([0, 1e-9, 0.25, 1]);

  it('keeps 2^-23 from 0 and 1, and has no gradient where it does', () => {
    expect([...clampProbabilities(probabilities).dataSync()]).toEqual([2 ** -23, 2 ** -23, 0.25, 1 - 2 ** -23]);
    expect([...tf.grad(clampProbabilities)(probabilities).dataSync()]).toEqual([0, 0, 1, 0]);
    expectNoLeak(() => clampProbabilities(probabilities));
  });

  it('makes logarithms the logits of the published likelihood loss, bounded where an answer is wrong for sure', () => {
    const loss = (p: tf.Tensor): tf.Scalar => crossEntropy(tf.log(clampProbabilities(p)), tf.tensor1d([1, 1], 'int32'));
    const sure = tf.tensor2d([1, 0, 0, 1], [2, 2]);
    expect(loss(sure).dataSync()[0]).toBeCloseTo((23 * Math.log(2)) / 2, 4);
    expect(Array.from(tf.grad(loss)(sure).dataSync(), Math.abs)).toEqual([0, 0, 0, 0]);
  });
});

describe('losses', () => {
  it('leave out an ignored class label and count none as not a number', () => {
    const logits = tf.tensor2d([1, 2, 3, -1], [2, 2]);
    const alone = crossEntropy(tf.slice(logits, [0, 0], [1, 2]), tf.tensor1d([1], 'int32'));
    expectClose(crossEntropy(logits, tf.tensor1d([1, 0], 'int32'), { ignore: 0 }), alone, 1e-6);
    expect(crossEntropy(logits, tf.tensor1d([255, 255], 'int32')).dataSync()[0]).toBeNaN();
  });

  it('free what they allocate', () => {
    const logits: tf.Tensor2D = tf.ones([3, 2]);
    const labels = tf.tensor1d([0, 1, 255], 'int32');
    expectNoLeak(() => crossEntropy(logits, labels, { classWeights: [1, 2] }));
  });

  it('refuse shapes that do not fit', () => {
    expect(() => crossEntropy(tf.ones([3, 2]), tf.ones([2]))).toThrow(ShapeError);
    expect(() => crossEntropy(tf.ones([3, 2]), tf.ones([3]), { classWeights: [1] })).toThrow(ShapeError);
  });
});
