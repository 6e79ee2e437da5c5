/** Prototypes and similarities in every mode against the published classifier, on supplied features and masks. */
import { type ClassName, cosineSimilarity, createRandom } from '@fsmr/core';
import { expectClose, expectLargest, loadOracle, type Oracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { type AlpnetShared, alpnet } from './alpnet.js';
import { poolCells } from './grid.js';
import type { PrototypeMode } from './mode.js';

const modes: Record<string, PrototypeMode> = { mask: 'class', gridconv: 'grid', gridconvp: 'grid+class' };
const cases = oracleCases('alpnet_cls');

function runs(oracle: Oracle) {
  return oracle.names.flatMap((name) => {
    const match = /^(mask|gridconvp?)_(fg|bg)_(train|val)_pred$/.exec(name);
    if (match === null) return [];
    const [, mode, side, phase] = match as unknown as [string, string, string, string];
    const className: ClassName = side === 'fg' ? 'foreground' : 'background';
    return [{ run: name.replace(/_pred$/, ''), mode: modes[mode]!, className, training: phase === 'train' }];
  });
}

type Run = ReturnType<typeof runs>[number];

function classify(oracle: Oracle, { mode, className, training }: Run, support: tf.Tensor4D, query: tf.Tensor4D) {
  const constants = oracle.constants as { proto_grid_size: number; val_wsize: number; thresh: number };
  const method = alpnet({
    protoGridSize: constants.proto_grid_size,
    evaluationWindow: constants.val_wsize,
    foregroundThreshold: constants.thresh,
    backgroundThreshold: constants.thresh,
  });
  const foreground = oracle.tensor('sup_y_fg') as tf.Tensor3D;
  const mask = className === 'foreground' ? foreground : (tf.sub(1, foreground) as tf.Tensor3D);
  const common = {
    className,
    support: { maps: [support] },
    query: { maps: [query] },
    training,
    direction: 'forward',
    parameters: {},
    random: createRandom(1),
  } as const;
  const { window } = method.share({ ...common, raterMasks: [mask], consensusMask: mask });
  // The oracle runs modes that the rule would not choose for its mask.
  const shared: AlpnetShared = { mode, window, cells: poolCells(support, window) };
  const shots = Array.from({ length: mask.shape[0] }, (_, shot) => shot);
  const prototypes = method.extract({ ...common, mask, shots, shared });
  return { window, prototypes, map: method.score({ ...common, prototypes, shared })[0]! };
}

describe.skipIf(cases.length === 0)('published ALPNet classifier (needs the shared folder)', () => {
  for (const name of cases) {
    const oracle = loadOracle(name);
    it.each(runs(oracle).map((run) => [run.run, run] as const))(`${name} %s`, (title, run) => {
      tf.tidy(() => {
        const [support, query] = [oracle.nhwc('sup_x'), oracle.nhwc('qry')];
        const { window, prototypes, map } = classify(oracle, run, support, query);
        expectClose(map, oracle.tensor(`${title}_pred`));
        if (run.training) expect(window).toEqual(oracle.constants.avgpool_kernel_train);
        const count = oracle.constants[`${title}_nproto`];
        if (count !== undefined) expect(prototypes.levels[0]!.shape[0]).toBe(count);
        if (oracle.has(`${title}_assign`)) {
          const cosines = cosineSimilarity(query, prototypes.levels[0]!, 1e-4);
          expectLargest(tf.reshape(cosines, [map.size, -1]) as tf.Tensor2D, oracle.array(`${title}_assign`).data);
        }
        const upstream = tf.reshape(oracle.tensor('gy'), map.shape);
        const [dsupport, dquery] = tf.grads((s, q) =>
          tf.sum(tf.mul(classify(oracle, run, s as tf.Tensor4D, q as tf.Tensor4D).map, upstream)),
        )([support, query]);
        if (oracle.has(`${title}_gsup`)) expectClose(dsupport!, oracle.nhwc(`${title}_gsup`), 1e-3);
        if (oracle.has(`${title}_gqry`)) expectClose(dquery!, oracle.nhwc(`${title}_gqry`), 1e-3);
      });
    });
  }
});
