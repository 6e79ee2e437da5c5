import { expectClose, expectNoLeak, loadOracle, type Oracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ShapeError } from '../errors.js';
import { clampedNegativeLogLikelihood, crossEntropy } from './losses.js';

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

describe('clampedNegativeLogLikelihood', () => {
  it('equals the cross entropy of logits inside the clamp', () => {
    const logits = tf.tensor2d([1, 2, -1, 0.5, 0, 0], [3, 2]);
    const labels = tf.tensor1d([0, 1, 255], 'int32');
    const options = { classWeights: [0.3, 2] };
    const expected = crossEntropy(logits, labels, options);
    expectClose(clampedNegativeLogLikelihood(tf.softmax(logits), labels, options), expected, 1e-6);
  });

  it('is bounded, with no gradient, outside the clamp', () => {
    const loss = (p: tf.Tensor): tf.Scalar => clampedNegativeLogLikelihood(p, tf.tensor1d([1, 1], 'int32'));
    const probabilities = tf.tensor2d([1, 0, 0, 1], [2, 2]);
    expect(loss(probabilities).dataSync()[0]).toBeCloseTo((23 * Math.log(2)) / 2, 4);
    expect(Array.from(tf.grad(loss)(probabilities).dataSync(), Math.abs)).toEqual([0, 0, 0, 0]);
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
    expectNoLeak(() => clampedNegativeLogLikelihood(logits, labels, { classWeights: [1, 2] }));
  });

  it('refuse shapes that do not fit', () => {
    expect(() => crossEntropy(tf.ones([3, 2]), tf.ones([2]))).toThrow(ShapeError);
    expect(() => crossEntropy(tf.ones([3, 2]), tf.ones([3]), { classWeights: [1] })).toThrow(ShapeError);
  });
});
