import { alpnet } from '@fsmr/alpnet';
import {
  allShots,
  crossEntropy,
  type ParameterRecord,
  type PrototypeMethod,
  type Segmentation,
  segmentFeatures,
} from '@fsmr/core';
import { dspnet } from '@fsmr/dspnet';
import { expectClose, loadOracle, type Oracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attentionPrefix, japc } from './index.js';

/** The published program's two branches: the method each calibrates. */
const branches: Record<string, (options: { protoGridSize: number; evaluationWindow: number }) => PrototypeMethod> = {
  japc_main: (options) => dspnet({ ...options, emptyGrid: 'none' }) as never,
  japc_sslalp: (options) => alpnet({ ...options, emptyGrid: 'none' }) as never,
};

interface Constants {
  readonly img_hw: [number, number];
  readonly proto_grid_size: number;
  readonly val_wsize: number;
  readonly ce_weight: [number, number];
  readonly calib_wt: number;
}

const shared = oracleCases('japc_shared');
const cases = Object.keys(branches).flatMap((branch) => oracleCases(`${branch}_`).map((name) => ({ branch, name })));

describe.skipIf(cases.length === 0)('the published program against its oracles', () => {
  for (const { branch, name } of cases) {
    // A case japc_main_large7 reads japc_shared7 where that exists.
    const kind = name.slice(branch.length + 1);
    const suffix = kind.replace(/^(large|small)/, '');
    const source = shared.find((folder) => suffix !== '' && folder === `japc_shared${suffix}`) ?? 'japc_shared';
    describe(name, () => checkCase(loadOracle(name), loadOracle(source), branch, kind));
  }
});

function checkCase(oracle: Oracle, inputs: Oracle, branch: string, kind: string): void {
  const constants = oracle.constants as unknown as Constants;
  const base = branches[branch]!({
    protoGridSize: constants.proto_grid_size,
    evaluationWindow: constants.val_wsize,
  });
  const method = japc(base, { preset: 'released' });
  let features: tf.Tensor4D;
  let parameters: Record<string, tf.Tensor>;
  let masks: tf.Tensor4D;
  let truth: tf.Tensor3D;

  beforeAll(() => {
    tf.engine().startScope();
    const maskName = inputs.has(`sup_fg_${kind}`) ? kind : kind.replace(/\d+$/, '');
    const [height, width] = constants.img_hw;
    features = inputs.nhwc('features');
    masks = tf.reshape(unpack(inputs, `sup_fg_${maskName}`, height * width), [-1, 1, height, width]);
    truth = tf.reshape(unpack(inputs, `qry_lab_${maskName}`, height * width), [-1, height, width]);
    parameters = {
      ...base.init({ channels: [features.shape[3]], random: undefined as never }),
      [`${attentionPrefix}q.weight`]: inputs.tensor('qw'),
      [`${attentionPrefix}k.weight`]: inputs.tensor('kw'),
      [`${attentionPrefix}q.bias`]: inputs.tensor('qb'),
      [`${attentionPrefix}k.bias`]: inputs.tensor('kb'),
    };
  });
  afterAll(() => tf.engine().endScope());

  const segment = (
    wanted: PrototypeMethod,
    training: boolean,
    at: tf.Tensor4D = features,
    values: ParameterRecord = parameters,
  ): Segmentation =>
    segmentFeatures({
      method: wanted,
      parameters: values,
      support: { maps: [tf.slice(at, [0, 0, 0, 0], [1, -1, -1, -1])] },
      query: { maps: [tf.slice(at, [1, 0, 0, 0], [1, -1, -1, -1])] },
      masks,
      shots: allShots(masks.shape[0], 1),
      training,
      queryMasks: truth,
    });
  const queryLoss = ({ logits }: Segmentation): tf.Scalar => {
    const ofRaters = tf
      .unstack(logits)
      .map((own, rater) =>
        crossEntropy(own, tf.slice(truth, [rater, 0, 0], [1, -1, -1]), { classWeights: constants.ce_weight }),
      );
    return tf.div(tf.addN(ofRaters), ofRaters.length);
  };

  for (const phase of ['train', 'eval'] as const) {
    const training = phase === 'train';
    it(`${phase}: scores, output, losses, gates and consensus; the gate changes no prediction, the attention does`, () => {
      const consensus: Record<string, tf.Tensor2D> = {};
      const spied: PrototypeMethod = {
        ...method,
        calibrator: {
          ...method.calibrator!,
          calibrate: (given) => {
            if (given.direction === 'forward')
              consensus[given.className] = tf.keep(tf.clone(given.consensus.levels[0]!));
            return method.calibrator!.calibrate(given);
          },
        },
      };
      const found = segment(spied, training);
      const { background, foreground } = found.similarities;
      expectClose(tf.stack([background![0]!, foreground![0]!], 1), oracle.tensor(`${phase}_low`));
      const strided = tf.stridedSlice(found.logits, [0, 0, 0, 0], found.logits.shape, [1, 4, 4, 1]);
      expectClose(tf.transpose(strided, [0, 3, 1, 2]), oracle.tensor(`${phase}_out_s4`));
      expectClose(queryLoss(found), [oracle.scalar(`${phase}_ce`)]);
      expectClose(found.calibrationLoss, [oracle.scalar(`${phase}_calib`)]);
      for (const [short, className] of [['bg', 'background'] as const, ['fg', 'foreground'] as const]) {
        const gates = diagonal(found.classes[className]!.calibration!.attention![0]!);
        expectClose(gates, oracle.tensor(`${phase}_gate_${short}`));
        expectClose(tf.mean(consensus[className]!, 0), oracle.tensor(`${phase}_p0_${short}`));
        consensus[className]!.dispose();
      }
      const last = found.classes.foreground!.prototypes.map(({ levels }) =>
        tf.slice(levels[0]!, [levels[0]!.shape[0] - 1, 0], [1, -1]),
      );
      expectClose(tf.concat(last), oracle.tensor(`${phase}_fg_proto_last_of_each_rater`));
      if (training) {
        expectClose(found.alignmentLoss, [oracle.scalar('train_align')]);
        expectClose(tf.transpose(found.reverseLogits[0]!, [0, 3, 1, 2]), oracle.tensor('train_rev_low'));
      }

      // The headline: the gate changes no prediction, the paper's attention does.
      const without = segment(base, training);
      const scale = tf.max(tf.abs(without.logits)).dataSync()[0]!;
      expect(largestDifference(found.logits, without.logits)).toBeLessThan(1e-5 * Math.max(1, scale));
      const joint = segment(japc(base, { preset: 'paper' }), training);
      expect(largestDifference(joint.logits, without.logits)).toBeGreaterThan(1e-2);
    });
  }

  it('train: gradients of features and projections', () => {
    const names = Object.keys(parameters);
    const total = (...tensors: tf.Tensor[]): tf.Scalar => {
      const [at, ...values] = tensors;
      const record = Object.fromEntries(names.map((parameter, i) => [parameter, values[i]!]));
      const found = segment(method, true, at as tf.Tensor4D, record);
      const calibration = tf.mul(found.calibrationLoss, constants.calib_wt);
      return tf.addN([queryLoss(found), found.alignmentLoss, calibration as tf.Scalar]) as tf.Scalar;
    };
    const [ofFeatures, ...ofParameters] = tf.grads(total)([
      features,
      ...names.map((parameter) => parameters[parameter]!),
    ]);
    const gradient = Object.fromEntries(names.map((parameter, i) => [parameter, ofParameters[i]!]));

    const expected = oracle.tensor('train_gfeatures_sub');
    const step = features.shape[3] / expected.shape[1]!;
    const channelsFirst = tf.transpose(ofFeatures as tf.Tensor4D, [0, 3, 1, 2]);
    expectClose(tf.stridedSlice(channelsFirst, [0, 0, 0, 0], channelsFirst.shape, [1, step, 1, 1]), expected, 1e-3);
    for (const layer of ['q', 'k']) {
      const weight = gradient[`${attentionPrefix}${layer}.weight`] as tf.Tensor2D;
      expectClose(tf.stridedSlice(weight, [0, 0], weight.shape, [4, 4]), oracle.tensor(`train_g${layer}w_sub`), 1e-3);
      expectClose(tf.sum(weight, 1), oracle.tensor(`train_g${layer}w_rowsum`), 1e-3);
      expectClose(tf.sum(weight, 0), oracle.tensor(`train_g${layer}w_colsum`), 1e-3);
      expectClose(gradient[`${attentionPrefix}${layer}.bias`]!, oracle.tensor(`train_g${layer}b`), 1e-3);
    }
    if (oracle.has('train_gcal_diag')) {
      const cal = gradient['cls_unit.cal'] as tf.Tensor2D;
      expectClose(
        tf.stack([-1, 0, 1].map((offset) => offDiagonal(cal, offset))),
        oracle.tensor('train_gcal_diag'),
        1e-3,
      );
    }
  });
}

/** Masks packed eight to a byte, most significant bit first. */
function unpack(oracle: Oracle, name: string, pixels: number): tf.Tensor {
  const bytes = oracle.array(name).data;
  const bits = Float32Array.from({ length: bytes.length * 8 }, (_, i) => (bytes[i >> 3]! >> (7 - (i & 7))) & 1);
  return tf.tensor(bits.subarray(0, Math.floor(bits.length / pixels) * pixels));
}

function diagonal(matrix: tf.Tensor2D): tf.Tensor {
  return tf.sum(tf.mul(matrix, tf.eye(matrix.shape[0])), 1);
}

/** A diagonal beside the main one, padded with zeros at its end to the width of the matrix. */
function offDiagonal(matrix: tf.Tensor2D, offset: number): tf.Tensor1D {
  const size = matrix.shape[0];
  const values = matrix.arraySync();
  const own = Array.from(
    { length: size - Math.abs(offset) },
    (_, i) => values[i + Math.max(0, -offset)]![i + Math.max(0, offset)]!,
  );
  return tf.tensor1d([...own, ...Array.from({ length: Math.abs(offset) }, () => 0)]);
}

function largestDifference(a: tf.Tensor, b: tf.Tensor): number {
  return tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!;
}
