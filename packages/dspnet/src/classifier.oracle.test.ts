/** Prototypes and similarities in every mode against the published classifier, on supplied features, masks and seeds. */
import { alpnet, poolCells } from '@fsmr/alpnet';
import { type ClassName, cosineSimilarity, createRandom, type Direction, type PrototypeMethod } from '@fsmr/core';
import { expectClose, expectLargest, loadOracle, type Oracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { initialMixing, mixChannels } from './channel-mixing.js';
import { crossAttention } from './cross-attention.js';
import { type DspnetShared, dspnet } from './dspnet.js';
import { countedSeeds, type Seed } from './seeds.js';

const modes = { mask: 'class', gridconv: 'grid', gridconvp: 'grid+class', maskpp: 'class', bg: 'grid' } as const;
const cases = oracleCases('dspnet_cls');

function runs(oracle: Oracle) {
  return oracle.names.flatMap((name) => {
    const match = /^(mask|maskpp|gridconvp?|bg)_(fg|bg)_(train|val)_(noseed|seeds)_(Loss|alignLoss)_pred$/.exec(name);
    if (match === null) return [];
    const [, mode, side, phase, seeds, loss] = match as unknown as string[];
    return [
      {
        run: name.replace(/_pred$/, ''),
        mode: modes[mode as keyof typeof modes],
        // Two modes of the published classifier, which it never uses, are ALPNet's.
        plain: mode === 'maskpp' || mode === 'bg',
        className: (side === 'fg' ? 'foreground' : 'background') as ClassName,
        training: phase === 'train',
        seeded: seeds === 'seeds',
        direction: (loss === 'Loss' ? 'forward' : 'reverse') as Direction,
      },
    ];
  });
}

type Run = ReturnType<typeof runs>[number];

function classify(oracle: Oracle, run: Run, support: tf.Tensor4D, query: tf.Tensor4D, mixing: tf.Tensor2D) {
  const constants = oracle.constants as Record<string, number>;
  const options = {
    protoGridSize: constants.proto_grid_size!,
    evaluationWindow: constants.val_wsize!,
    foregroundThreshold: constants.thresh!,
    backgroundThreshold: constants.thresh!,
  };
  const foreground = oracle.tensor('sup_y_fg') as tf.Tensor3D;
  const mask = run.className === 'foreground' ? foreground : (tf.sub(1, foreground) as tf.Tensor3D);
  const common = {
    className: run.className,
    support: { maps: [support] },
    query: { maps: [query] },
    training: run.training,
    direction: run.direction,
    parameters: { 'cls_unit.cal': mixing },
    random: createRandom(1),
  };
  const method = (run.plain ? alpnet(options) : dspnet(options)) as PrototypeMethod<DspnetShared>;
  const { window } = method.share({ ...common, raterMasks: [mask], consensusMask: mask });
  // The oracle runs modes that the rule would not choose for its mask.
  const cells = poolCells(support, window);
  const alpha = (run.mode === 'grid' ? constants.gridconv_alpha : constants.gridconvplus_alpha) ?? 0.2;
  const shared: DspnetShared = {
    mode: run.mode,
    window,
    cells: run.plain ? cells : mixChannels(cells, mixing, alpha),
    attended: crossAttention(support, query),
    seeds: run.seeded && run.direction === 'forward' ? [seedsOf(oracle)] : [],
  };
  const prototypes = method.extract({ ...common, mask, shots: [0], shared });
  return { window, prototypes, map: method.score({ ...common, prototypes, shared })[0]! };
}

function seedsOf(oracle: Oracle): Seed[] {
  const { data, shape } = oracle.array('seeds');
  return countedSeeds(Array.from({ length: shape[0]! }, (_, i): Seed => [data[2 * i]!, data[2 * i + 1]!]));
}

describe.skipIf(cases.length === 0)('published DSPNet classifier (needs the shared folder)', () => {
  for (const name of cases) {
    const oracle = loadOracle(name);
    it.each(runs(oracle).map((run) => [run.run, run] as const))(`${name} %s`, (title, run) => {
      tf.tidy(() => {
        const [support, query] = [oracle.nhwc('sup_x'), oracle.nhwc('qry')];
        const mixing = initialMixing(support.shape[3]);
        const { window, prototypes, map } = classify(oracle, run, support, query, mixing);
        expectClose(map, oracle.tensor(`${title}_pred`));
        if (run.training) expect(window).toEqual(oracle.constants.avgpool_kernel_train);
        const count = oracle.constants[`${title}_nproto`];
        if (count !== undefined) expect(prototypes.levels[0]!.shape[0]).toBe(count);
        if (oracle.has(`${title}_assign`)) {
          const cosines = cosineSimilarity(query, prototypes.levels[0]!, 1e-4);
          expectLargest(tf.reshape(cosines, [map.size, -1]) as tf.Tensor2D, oracle.array(`${title}_assign`).data);
        }
        const upstream = tf.reshape(oracle.tensor('gy'), map.shape);
        const mixed = run.mode !== 'class' && !run.plain;
        const [dsupport, dquery, dmixing] = tf.grads((s, q, m) => {
          const matrix = mixed ? (m as tf.Tensor2D) : mixing;
          return tf.sum(tf.mul(classify(oracle, run, s as tf.Tensor4D, q as tf.Tensor4D, matrix).map, upstream));
        })(mixed ? [support, query, mixing] : [support, query]);
        if (oracle.has(`${title}_gsup`)) expectClose(dsupport!, oracle.nhwc(`${title}_gsup`), 1e-3);
        if (oracle.has(`${title}_gqry`)) expectClose(dquery!, oracle.nhwc(`${title}_gqry`), 1e-3);
        if (oracle.has(`${title}_gcal`)) expectClose(dmixing!, oracle.tensor(`${title}_gcal`), 1e-3);
        const statistics = oracle.constants[`${title}_gcal_stats`];
        if (statistics !== undefined) expectStatistics(dmixing as tf.Tensor2D, statistics as Record<string, number>);
      });
    });
  }
});

/** The stored sums of the gradient of the mixing matrix, relative to its sum of magnitudes. */
function expectStatistics(gradient: tf.Tensor2D, statistics: Record<string, number>): void {
  const scale = statistics.abssum!;
  const diagonal = tf.sum(tf.mul(gradient, tf.eye(gradient.shape[0])));
  for (const [found, expected] of [
    [tf.sum(gradient), statistics.sum],
    [tf.sum(tf.abs(gradient)), statistics.abssum],
    [diagonal, statistics.diag_sum],
  ] as const) {
    expectClose(tf.div(found, scale), [expected! / scale], 1e-3, 1);
  }
}
