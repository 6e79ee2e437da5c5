import { expectClose, expectNoLeak, gradientError, loadOracle, type Oracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ShapeError } from '../errors.js';
import { batchNormEval, batchNormTrain, updateRunningStatistics } from './batch-norm.js';

describe.skipIf(oracleCases('ops').length === 0).each(oracleCases('ops'))(
  'batch normalisation of oracle %s',
  (name) => {
    let oracle: Oracle;
    let x: tf.Tensor4D;
    let scale: tf.Tensor1D;
    let offset: tf.Tensor1D;
    let running: { mean: tf.Tensor1D; variance: tf.Tensor1D };
    let epsilon: number;
    beforeAll(() => {
      oracle = loadOracle(name);
      epsilon = oracle.constants.bn_eps as number;
      x = oracle.nhwc('bn_x');
      scale = oracle.tensor('bn_weight') as tf.Tensor1D;
      offset = oracle.tensor('bn_bias') as tf.Tensor1D;
      running = { mean: oracle.tensor('bn_rm0') as tf.Tensor1D, variance: oracle.tensor('bn_rv0') as tf.Tensor1D };
    });

    it.each(['train', 'eval'])('%s', (mode) => {
      const apply = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor): tf.Tensor4D =>
        mode === 'train'
          ? batchNormTrain(a as tf.Tensor4D, b as tf.Tensor1D, c as tf.Tensor1D, { epsilon }).y
          : batchNormEval(a as tf.Tensor4D, b as tf.Tensor1D, c as tf.Tensor1D, running, { epsilon });
      expectClose(apply(x, scale, offset), oracle.nhwc(`bn_${mode}_y`));
      const [dx, dscale, doffset] = tf.grads(apply)([x, scale, offset], oracle.nhwc('bn_gy'));
      expectClose(dx!, oracle.nhwc(`bn_${mode}_gx`), 1e-3);
      expectClose(dscale!, oracle.tensor(`bn_${mode}_gw`), 1e-3);
      expectClose(doffset!, oracle.tensor(`bn_${mode}_gb`), 1e-3);
    });

    it('running statistics', () => {
      const momentum = oracle.constants.bn_momentum as number;
      const { mean, variance } = batchNormTrain(x, scale, offset, { epsilon });
      const after = updateRunningStatistics(running, { mean, variance }, x.size / x.shape[3], momentum);
      expectClose(after.mean, oracle.tensor('bn_train_rm'));
      expectClose(after.variance, oracle.tensor('bn_train_rv'));
    });
  },
);

describe('batchNormTrain with relu and residual', () => {
  const x: tf.Tensor4D = tf.randomNormal([2, 4, 3, 5], 1, 2, 'float32', 1);
  const residual: tf.Tensor4D = tf.randomNormal([2, 4, 3, 5], 0, 1, 'float32', 2);
  const scale: tf.Tensor1D = tf.randomUniform([5], 0.5, 1.5, 'float32', 3);
  const offset: tf.Tensor1D = tf.randomUniform([5], -0.5, 0.5, 'float32', 4);

  it('equals the separate steps, forward and backward', () => {
    const fused = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor, d: tf.Tensor): tf.Tensor =>
      batchNormTrain(a as tf.Tensor4D, b as tf.Tensor1D, c as tf.Tensor1D, { relu: true, residual: d as tf.Tensor4D })
        .y;
    const separate = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor, d: tf.Tensor): tf.Tensor =>
      tf.relu(tf.add(batchNormTrain(a as tf.Tensor4D, b as tf.Tensor1D, c as tf.Tensor1D).y, d));
    const inputs = [x, scale, offset, residual];
    const dy = tf.randomNormal(x.shape, 0, 1, 'float32', 5);
    expectClose(fused(x, scale, offset, residual), separate(x, scale, offset, residual), 1e-6);
    const expected = tf.grads(separate)(inputs, dy);
    tf.grads(fused)(inputs, dy).forEach((gradient, i) => void expectClose(gradient, expected[i]!, 1e-5));
  });

  it('has the gradient of finite differences', () => {
    const probe = tf.randomNormal(x.shape, 0, 1, 'float32', 6);
    const f = (a: tf.Tensor): tf.Scalar => tf.sum(tf.mul(batchNormTrain(a as tf.Tensor4D, scale, offset).y, probe));
    expect(gradientError(f, x)).toBeLessThan(5e-3);
  });

  it('frees what it allocates', () => {
    expectNoLeak(() => ({ ...batchNormTrain(x, scale, offset, { relu: true, residual }) }));
    expectNoLeak(() => batchNormEval(x, scale, offset, { mean: offset, variance: scale }, { relu: true, residual }));
    const statistics = { mean: offset, variance: scale };
    expectNoLeak(() => Object.values(updateRunningStatistics(statistics, statistics, 9)) as tf.Tensor[]);
    expectNoLeak(() => tf.grad((a) => batchNormTrain(a as tf.Tensor4D, scale, offset, { relu: true, residual }).y)(x));
  });

  it('refuses one value a channel', () => {
    expect(() => batchNormTrain(tf.ones([1, 1, 1, 5]), scale, offset)).toThrow(ShapeError);
  });
});
