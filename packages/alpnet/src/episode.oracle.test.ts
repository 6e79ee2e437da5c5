/** Whole episodes against the published program with supplied features: logits, losses, gradients, reverse pass. */
import { cosineSimilarity, crossEntropy, resizeBilinear, segmentFeatures } from '@fsmr/core';
import { expectClose, expectLargest, loadOracle, type Oracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { alpnet } from './alpnet.js';

const cases = oracleCases('alpnet_full');

interface Constants {
  readonly proto_grid_size: number;
  readonly val_wsize: number;
  readonly thresholds: { readonly FG: number; readonly BG: number };
  readonly ce_weight: readonly [number, number];
}

/** The episode of a case as a function of its features. */
function episodeOf(oracle: Oracle, training: boolean) {
  const constants = oracle.constants as unknown as Constants;
  const method = alpnet({
    protoGridSize: constants.proto_grid_size,
    evaluationWindow: constants.val_wsize,
    foregroundThreshold: constants.thresholds.FG,
    backgroundThreshold: constants.thresholds.BG,
  });
  const masks = tf.expandDims(oracle.tensor('sup_fg'), 0) as tf.Tensor4D;
  const label = tf.expandDims(oracle.tensor('qry_label'), 0);
  const shots = masks.shape[1];
  return (features: tf.Tensor4D) => {
    const segmentation = segmentFeatures({
      method,
      parameters: {},
      support: { maps: [tf.slice(features, 0, shots)] },
      query: { maps: [tf.slice(features, shots, 1)] },
      masks,
      shots: [Array.from({ length: shots }, (_, shot) => shot)],
      training,
    });
    const entropy = crossEntropy(segmentation.logits, label, { classWeights: constants.ce_weight });
    return { ...segmentation, entropy, total: tf.add(entropy, segmentation.alignmentLoss) as tf.Scalar };
  };
}

/** [1, 2, h, w] scores of both classes. */
function lowScores({ similarities }: ReturnType<typeof segmentFeatures>): tf.Tensor {
  return tf.stack([similarities.background![0]!, similarities.foreground![0]!], 1);
}

/** Every n-th row and column of logits [R, H, W, 2], as [R, 2, H / n, W / n]. */
function thinned(logits: tf.Tensor4D, step: number): tf.Tensor {
  return tf.transpose(tf.stridedSlice(logits, [0, 0, 0, 0], logits.shape, [1, step, step, 1]), [0, 3, 1, 2]);
}

describe.skipIf(cases.length === 0)('published ALPNet episodes (needs the shared folder)', () => {
  for (const name of cases) {
    it.each(['train', 'eval'] as const)(`${name} %s`, (phase) => {
      const oracle = loadOracle(name);
      tf.tidy(() => {
        const episode = episodeOf(oracle, phase === 'train');
        const features = oracle.nhwc('features');
        const found = episode(features);
        expectClose(lowScores(found), oracle.tensor(`${phase}_low`));
        const output = oracle.names.find((array) => array.startsWith(`${phase}_out`))!;
        expectClose(thinned(found.logits, Number(/_s(\d+)$/.exec(output)?.[1] ?? 1)), oracle.tensor(output));
        expectClose(found.entropy, [oracle.scalar(`${phase}_ce`)]);
        const query = tf.slice(features, features.shape[0] - 1, 1);
        const cosines = cosineSimilarity(query, found.classes.background!.prototypes[0]!.levels[0]!, 1e-4);
        const assigned = oracle.array(`${phase}_assign`).data;
        expectLargest(tf.reshape(cosines, [assigned.length, -1]) as tf.Tensor2D, assigned);
        if (phase === 'train') {
          expectClose(found.alignmentLoss, [oracle.scalar('train_align')]);
        } else {
          expect(found.alignmentLoss.dataSync()[0]).toBe(0);
        }
        const gradient = tf.grad((x) => episode(x as tf.Tensor4D).total)(features);
        expectClose(gradient, oracle.nhwc(`${phase}_gfeatures`), 1e-3);
      });
    });

    it(`${name} reverse scores of the first shot`, () => {
      const oracle = loadOracle(name);
      tf.tidy(() => {
        const { reverseLogits } = episodeOf(oracle, true)(oracle.nhwc('features'));
        // The loss is taken on the upsampled scores; the stored ones are on the feature grid.
        const small = oracle.nhwc('train_rev_low');
        const [, height, width] = reverseLogits[0]!.shape;
        expectClose(reverseLogits[0]!, resizeBilinear(small, [height, width], { alignCorners: false }));
      });
    });
  }
});
