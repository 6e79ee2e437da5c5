/** Whole episodes against the published program with supplied features: logits, losses, gradients, reverse pass. */
import { cosineSimilarity, crossEntropy, resizeBilinear, segmentFeatures } from '@fsmr/core';
import { expectClose, expectLargest, loadOracle, type Oracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { initialMixing } from './channel-mixing.js';
import { dspnet } from './dspnet.js';
import { countedSeeds, placeSeeds, type Seed } from './seeds.js';
import { softCentres } from './soft-centres.js';

const cases = oracleCases('dspnet_full');

interface Constants {
  readonly img_hw: readonly [number, number];
  readonly feature_hw: readonly [number, number];
  readonly proto_grid_size: number;
  readonly val_wsize: number;
  readonly thresholds: { readonly FG: number; readonly BG: number };
  readonly ce_weight: readonly [number, number];
  readonly cal_weights: readonly [number, number, number];
  readonly gridconv_alpha: number;
  readonly gridconvplus_alpha: number;
}

/** The episode of a case as a function of its features and of the mixing matrix. */
function episodeOf(oracle: Oracle, training: boolean) {
  const constants = oracle.constants as unknown as Constants;
  const method = dspnet({
    protoGridSize: constants.proto_grid_size,
    evaluationWindow: constants.val_wsize,
    foregroundThreshold: constants.thresholds.FG,
    backgroundThreshold: constants.thresholds.BG,
    backgroundAlpha: constants.gridconv_alpha,
    foregroundAlpha: constants.gridconvplus_alpha,
    seedGrid: 'transposed',
  });
  const masks = tf.expandDims(oracle.tensor('sup_fg'), 0) as tf.Tensor4D;
  const label = tf.expandDims(oracle.tensor('qry_label'), 0);
  const shots = masks.shape[1];
  return (features: tf.Tensor4D, mixing: tf.Tensor2D) => {
    const segmentation = segmentFeatures({
      method,
      parameters: { 'cls_unit.cal': mixing },
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

/** Every n-th row and column of logits [R, H, W, 2], as [R, 2, H / n, W / n]. */
function thinned(logits: tf.Tensor4D, step: number): tf.Tensor {
  return tf.transpose(tf.stridedSlice(logits, [0, 0, 0, 0], logits.shape, [1, step, step, 1]), [0, 3, 1, 2]);
}

describe.skipIf(cases.length === 0)('published DSPNet episodes (needs the shared folder)', () => {
  for (const name of cases) {
    const oracle = loadOracle(name);
    it.each(['train', 'eval'] as const)(`${name} %s`, (phase) => {
      tf.tidy(() => {
        const episode = episodeOf(oracle, phase === 'train');
        const features = oracle.nhwc('features');
        const mixing = initialMixing(features.shape[3], (oracle.constants as unknown as Constants).cal_weights);
        const found = episode(features, mixing);
        const { background, foreground } = found.similarities;
        expectClose(tf.stack([background![0]!, foreground![0]!], 1), oracle.tensor(`${phase}_low`));
        const output = oracle.names.find((array) => array.startsWith(`${phase}_out`))!;
        expectClose(thinned(found.logits, Number(/_s(\d+)$/.exec(output)?.[1] ?? 1)), oracle.tensor(output));
        expectClose(found.entropy, [oracle.scalar(`${phase}_ce`)]);
        const query = tf.slice(features, features.shape[0] - 1, 1);
        const cosines = cosineSimilarity(query, found.classes.background!.prototypes[0]!.levels[0]!, 1e-4);
        const assigned = oracle.array(`${phase}_assign`).data;
        expectLargest(tf.reshape(cosines, [assigned.length, -1]) as tf.Tensor2D, assigned);
        if (phase === 'eval') return;
        expectClose(found.alignmentLoss, [oracle.scalar('train_align')]);
        const small = oracle.nhwc('train_rev_low');
        const size = [found.logits.shape[1], found.logits.shape[2]] as const;
        expectClose(found.reverseLogits[0]!, resizeBilinear(small, size, { alignCorners: false }));
        const [dfeatures, dmixing] = tf.grads((x, m) => episode(x as tf.Tensor4D, m as tf.Tensor2D).total)([
          features,
          mixing,
        ]);
        expectClose(dfeatures!, oracle.nhwc('train_gfeatures'), 1e-3);
        if (oracle.has('train_gcal')) expectClose(dmixing!, oracle.tensor('train_gcal'), 1e-3);
      });
    });

    it(`${name} seeds and soft superpixels of the support`, () => {
      const { img_hw, feature_hw } = oracle.constants as unknown as Constants;
      const stored = oracle.array('eval_seeds_0').data;
      const grid = [feature_hw[1], feature_hw[0]] as const;
      const seeds = placeSeeds(oracle.array('sup_fg').data, img_hw, grid, { maximumSeeds: 5, areaPerSeed: 100 });
      const padded = Array.from({ length: 5 }, (_, i): Seed => seeds[i] ?? [0, 0]);
      expect(padded.flat()).toEqual([...stored]);
      if (!oracle.has('eval_spcenter_0')) return;
      tf.tidy(() => {
        const support = tf.squeeze(tf.slice(oracle.nhwc('features'), 0, 1), [0]) as tf.Tensor3D;
        const image = tf.expandDims(oracle.tensor('sup_fg'), 3) as tf.Tensor4D;
        const mask = tf.squeeze(resizeBilinear(image, feature_hw, { alignCorners: false }), [0, 3]) as tf.Tensor2D;
        const counted = countedSeeds(seeds);
        // The stored centres are columns, features before row and column.
        const start = tf.transpose(oracle.tensor('eval_spinit_0'));
        expectClose(tf.slice(start, [0, support.shape[2]]), counted.flat());
        const centres = softCentres(support, mask, counted, 10);
        expectClose(centres, tf.transpose(oracle.tensor('eval_spcenter_0')));
      });
    });
  }
});
