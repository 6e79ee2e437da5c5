/**
 * Three raters at once against the published JAPC program built on ALPNet. Its gate scales prototypes by a positive
 * number, which no cosine sees, so its scores are those of the method alone.
 */
import { segmentFeatures } from '@fsmr/core';
import { expectClose, loadOracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { alpnet } from './alpnet.js';

const cases = oracleCases('japc_sslalp');

interface Constants {
  readonly R: number;
  readonly img_hw: readonly [number, number];
  readonly proto_grid_size: number;
  readonly val_wsize: number;
  readonly thresh: number;
  readonly info: Readonly<Record<string, { counts: { bg: number[]; fg: number[] } }>>;
}

function unpackBits(bytes: ArrayLike<number>, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => (bytes[i >> 3]! >> (7 - (i & 7))) & 1);
}

describe.skipIf(cases.length === 0)('published scores of three raters (needs the shared folder)', () => {
  for (const name of cases) {
    it.each(['train', 'eval'] as const)(`${name} %s`, (phase) => {
      const [oracle, shared] = [loadOracle(name), loadOracle('japc_shared')];
      const { R, img_hw, info, ...constants } = oracle.constants as unknown as Constants;
      const method = alpnet({
        protoGridSize: constants.proto_grid_size,
        evaluationWindow: constants.val_wsize,
        foregroundThreshold: constants.thresh,
        backgroundThreshold: constants.thresh,
        emptyGrid: 'none',
        alignment: { predictedMask: 'features', targets: 'features', skipEmpty: false },
      });
      tf.tidy(() => {
        const packed = shared.array(`sup_fg_${name.replace(/^japc_sslalp_/, '')}`).data;
        const masks = tf.tensor4d(unpackBits(packed, R * img_hw[0] * img_hw[1]), [R, 1, ...img_hw]);
        const features = shared.nhwc('features');
        const found = segmentFeatures({
          method,
          parameters: {},
          support: { maps: [tf.slice(features, 0, 1)] },
          query: { maps: [tf.slice(features, 1, 1)] },
          masks,
          shots: Array.from({ length: R }, () => [0]),
          training: phase === 'train',
        });
        const { background, foreground } = found.similarities;
        expectClose(tf.stack([background![0]!, foreground![0]!], 1), oracle.tensor(`${phase}_low`));
        const prototypes = (className: 'background' | 'foreground') =>
          found.classes[className]!.prototypes.map(({ levels }) => levels[0]!);
        const { counts } = info[phase]!;
        expect(prototypes('background').map(({ shape }) => shape[0])).toEqual(counts.bg);
        expect(prototypes('foreground').map(({ shape }) => shape[0])).toEqual(counts.fg);
        const last = tf.concat(prototypes('foreground').map((rows) => tf.slice(rows, rows.shape[0] - 1)));
        expectClose(last, oracle.tensor(`${phase}_fg_proto_last_of_each_rater`));
        if (phase === 'train') {
          expectClose(tf.transpose(found.reverseLogits[0]!, [0, 3, 1, 2]), oracle.tensor('train_rev_low'));
          expectClose(found.alignmentLoss, [oracle.scalar('train_align')]);
        }
      });
    });
  }
});
