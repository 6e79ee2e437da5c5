import { allShots, crossEntropy, type ParameterRecord, segmentFeatures } from '@fsmr/core';
import { expectClose, expectNoLeak, loadOracle, type Oracle, oracleCases, sharedFolder } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { qnet } from './index.js';

interface CaseTensors extends Record<string, tf.Tensor> {
  readonly down2: tf.Tensor4D;
  readonly down3: tf.Tensor4D;
  readonly tao: tf.Tensor2D;
}

function inputsOf(oracle: Oracle): CaseTensors {
  return { down2: oracle.nhwc('down2'), down3: oracle.nhwc('down3'), tao: oracle.tensor('tao') as tf.Tensor2D };
}

const row = <T extends tf.Tensor>(batch: T, index: number): T =>
  tf.slice(batch, [index, ...batch.shape.slice(1).map(() => 0)], [1, ...batch.shape.slice(1)]) as T;

const featuresOf = ({ down2, down3, tao }: CaseTensors, index: number) => ({
  maps: [row(down2, index), row(down3, index)],
  threshold: row(tao, index),
});

function run(oracle: Oracle, tensors: CaseTensors, options: { iterations: number; training: boolean }) {
  const mask = oracle.tensor('sup_mask');
  const [height, width] = mask.shape as [number, number];
  return segmentFeatures({
    method: qnet({ alpha: oracle.constants.alpha as number[], iterations: options.iterations }),
    parameters: {} as ParameterRecord,
    support: featuresOf(tensors, 0),
    query: featuresOf(tensors, 1),
    masks: tf.reshape(mask, [1, 1, height, width]),
    shots: allShots(1, 1),
    training: options.training,
  });
}

/** Probabilities in the layout of the oracle [1, 2, H, W]. */
const channelsFirst = (logits: tf.Tensor4D) => tf.transpose(tf.softmax(logits), [0, 3, 1, 2]);

const cases = sharedFolder === undefined ? ['no shared folder'] : oracleCases('qnet_');

describe.skipIf(sharedFolder === undefined).each(cases)('published Q-Net, %s', (name) => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = loadOracle(name);
  });

  it('gives the training outputs and losses', () => {
    tf.tidy(() => {
      const { logits, alignmentLoss } = run(oracle, inputsOf(oracle), { iterations: 7, training: true });
      const label = oracle.tensor('qry_label');
      expectClose(channelsFirst(logits), oracle.tensor('train_out'));
      expectClose(alignmentLoss, oracle.tensor('train_align'));
      expectClose(crossEntropy(logits, label, { classWeights: [0.1, 1] }), oracle.tensor('train_nll'));
    });
  });

  it('gives the gradients of features and thresholds', () => {
    tf.tidy(() => {
      const tensors = inputsOf(oracle);
      const total = (down2: tf.Tensor, down3: tf.Tensor, tao: tf.Tensor): tf.Scalar => {
        const moved = { down2, down3, tao } as CaseTensors;
        const { logits, alignmentLoss } = run(oracle, moved, { iterations: 7, training: true });
        const nll = crossEntropy(logits, oracle.tensor('qry_label'), { classWeights: qnet().classWeights });
        return tf.add(nll, alignmentLoss) as tf.Scalar;
      };
      const [down2, down3, tao] = tf.grads(total)([tensors.down2, tensors.down3, tensors.tao]);
      expectClose(down2!, oracle.nhwc('train_gdown2'), 1e-3);
      expectClose(down3!, oracle.nhwc('train_gdown3'), 1e-3);
      expectClose(tao!, oracle.tensor('train_gtao'), 1e-3);
    });
  });

  it('gives the evaluation outputs without and with refinement', () => {
    tf.tidy(() => {
      const tensors = inputsOf(oracle);
      const plain = run(oracle, tensors, { iterations: 0, training: false });
      expectClose(channelsFirst(plain.logits), oracle.tensor('eval_out_noiter'));
      const [fine, coarse] = plain.classes.foreground!.prototypes[0]!.levels;
      expectClose(fine!, oracle.tensor('proto_down2_before'));
      expectClose(coarse!, oracle.tensor('proto_down3_before'));
      const iterations = oracle.constants.n_iters as number;
      const refined = run(oracle, tensors, { iterations, training: false });
      expectClose(channelsFirst(refined.logits), oracle.tensor('eval_out'));
    });
  });

  it('refines the prototypes as published', () => {
    tf.tidy(() => {
      const tensors = inputsOf(oracle);
      const method = qnet({ iterations: oracle.constants.n_iters as number });
      const query = featuresOf(tensors, 1);
      const mask = tf.expandDims(oracle.tensor('sup_mask'), 0) as tf.Tensor3D;
      const context = { parameters: {}, training: false, direction: 'forward', className: 'foreground' } as const;
      const random = { random: undefined as never };
      const support = featuresOf(tensors, 0);
      const common = { ...context, ...random, query, support };
      const shared = method.share({ ...common, raterMasks: [mask], consensusMask: mask });
      const prototypes = method.extract({ ...common, mask, shots: [0], shared });
      const refined = method.refine!({ ...common, prototypes, shared });
      expectClose(refined.levels[0]!, oracle.tensor('proto_down2_after'));
      expectClose(refined.levels[1]!, oracle.tensor('proto_down3_after'));
    });
  });

  it('leaks nothing in training and evaluation', () => {
    const tensors = inputsOf(oracle);
    for (const training of [true, false]) {
      expectNoLeak(() => {
        const probabilities = tf.tidy(() => run(oracle, tensors, { iterations: 2, training }).logits);
        expect(probabilities.shape[3]).toBe(2);
        return probabilities;
      });
    }
    tf.dispose(tensors);
  });
});
