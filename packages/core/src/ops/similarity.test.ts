import { expectClose, expectNoLeak, loadOracle, type Oracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ShapeError } from '../errors.js';
import { cosineSimilarity, maskedAveragePool, safeNormalize } from './similarity.js';

describe.skipIf(oracleCases('ops').length === 0).each(oracleCases('ops'))('similarity of oracle %s', (name) => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = loadOracle(name);
  });

  it('cosine, 20 times, with zero and tiny vectors', () => {
    const query = oracle.nhwc('cos_q');
    const prototype = oracle.tensor('cos_p') as tf.Tensor2D;
    const scaled = (q: tf.Tensor, p: tf.Tensor): tf.Tensor =>
      tf.squeeze(tf.mul(cosineSimilarity(q, p as tf.Tensor2D, 1e-4), 20), [3]);
    expectClose(scaled(query, prototype), oracle.tensor('cos_y'));
    expectClose(scaled(query, oracle.tensor('cos_p_tiny')), oracle.tensor('cos_y_tiny'));
    expectClose(cosineSimilarity(query, prototype, 1e-8), oracle.tensor('cos_y_eps1e8'));
    const [dq, dp] = tf.grads(scaled)([query, prototype], oracle.tensor('cos_gy'));
    expectClose(dq!, oracle.nhwc('cos_gq'), 1e-3);
    expectClose(dp!, oracle.tensor('cos_gp'), 1e-3);
  });

  it('safe normalisation', () => {
    const x = oracle.tensor('safenorm_x');
    expectClose(safeNormalize(x), oracle.tensor('safenorm_y'));
    expectClose(tf.grad((a) => safeNormalize(a))(x, oracle.tensor('safenorm_gy')), oracle.tensor('safenorm_gx'), 1e-3);
  });
});

describe('cosineSimilarity', () => {
  it('is 1 for the direction itself, 0 across and -1 against, for several prototypes at once', () => {
    const features = tf.tensor2d([3, 4, 0, 2], [2, 2]);
    const prototypes = tf.tensor2d([6, 8, -3, -4, -4, 3], [3, 2]);
    expectClose(cosineSimilarity(features, prototypes, 1e-4), [1, -1, 0, 0.8, -0.8, 0.6], 1e-6);
  });

  it('has a finite gradient at zero', () => {
    const gradient = tf.grad((q) => cosineSimilarity(q, tf.tensor2d([1, 0], [1, 2]), 1e-4))(tf.zeros([1, 2]));
    expect([...gradient.dataSync()]).toEqual([10000, 0]);
  });

  it('refuses other channels', () => {
    expect(() => cosineSimilarity(tf.ones([2, 3]), tf.ones([2, 2]), 1e-4)).toThrow(ShapeError);
  });
});

describe('maskedAveragePool', () => {
  it('averages under each mask, with its own or shared features', () => {
    const features = tf.tensor4d([1, 10, 2, 20, 3, 30, 4, 40], [1, 2, 2, 2]);
    const masks = tf.tensor3d([1, 0, 0, 1, 0, 0, 0, 0], [2, 2, 2]);
    expectClose(maskedAveragePool(features, masks, 0.5), [2, 20, 0, 0], 1e-6);
    const both: tf.Tensor4D = tf.concat([features, tf.mul(features, 2)], 0);
    const full: tf.Tensor3D = tf.ones([2, 2, 2]);
    expectClose(maskedAveragePool(both, full, 0), [2.5, 25, 5, 50], 1e-6);
  });

  it('refuses another grid', () => {
    expect(() => maskedAveragePool(tf.ones([1, 2, 2, 1]), tf.ones([1, 3, 2]))).toThrow(ShapeError);
    expect(() => maskedAveragePool(tf.ones([2, 2, 2, 1]), tf.ones([3, 2, 2]))).toThrow(ShapeError);
  });

  it('frees what it allocates, as do the similarities', () => {
    const features: tf.Tensor4D = tf.ones([2, 3, 3, 4]);
    const masks: tf.Tensor3D = tf.ones([2, 3, 3]);
    const prototypes: tf.Tensor2D = tf.ones([5, 4]);
    expectNoLeak(() => maskedAveragePool(features, masks));
    expectNoLeak(() => cosineSimilarity(features, prototypes, 1e-4));
    expectNoLeak(() => safeNormalize(features));
  });
});
