import { allShots, crossEntropy, type ParameterRecord, segmentFeatures } from '@fsmr/core';
import { expectClose, expectNoLeak, loadOracle, type Oracle, oracleCases, sharedFolder } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Dropout, type FirstRegionRule, peripheryLoss, type RptOptions, rpt } from './index.js';

const cases = sharedFolder === undefined ? ['no shared folder'] : oracleCases('rpt_');

function parametersOf(oracle: Oracle): ParameterRecord {
  const names = oracle.names.filter((name) => name.startsWith('w_'));
  return Object.fromEntries(names.map((name) => [name.slice('w_'.length), oracle.tensor(name)]));
}

/** Replays the keep masks the oracle recorded, call after call. */
function recordedDropout(oracle: Oracle): Dropout {
  const rate = oracle.constants.dropout as number;
  let call = 0;
  return (x) => {
    const packed = oracle.array(`drop_${call++}`).data;
    const kept = Float32Array.from({ length: x.size }, (_, i) => ((packed[i >> 3]! >> (7 - (i & 7))) & 1) / (1 - rate));
    return tf.mul(x, tf.tensor(kept, x.shape));
  };
}

/** The first cells as the manifest lists them for a mode; numpy's own first draw where it lists none. */
function recordedStart(oracle: Oracle, mode: string): FirstRegionRule {
  const info = oracle.constants.info as Record<string, { sampler_draws?: [number, number][] }> | undefined;
  const draws = info?.[mode]?.sampler_draws;
  if (draws === undefined) return 'published';
  const left = [...draws];
  return (count) => {
    const [among, index] = left.shift()!;
    expect(count).toBe(among);
    return index;
  };
}

interface Run {
  readonly options: RptOptions;
  readonly training: boolean;
}

function run(
  oracle: Oracle,
  { options, training }: Run,
  features: tf.Tensor4D,
  tao: tf.Tensor,
  parameters: ParameterRecord,
) {
  const mask = oracle.tensor('sup_mask');
  const [height, width] = mask.shape as [number, number];
  const ofImage = (index: number) => ({
    maps: [tf.slice(features, [index, 0, 0, 0], [1, -1, -1, -1])],
    threshold: tf.slice(tao, [index, 0], [1, 1]) as tf.Tensor2D,
  });
  return segmentFeatures({
    method: rpt({
      regions: oracle.constants.fg_num as number,
      iterations: oracle.constants.iters as number,
      firstRegion: 'published',
      ...options,
    }),
    parameters,
    support: ofImage(0),
    query: ofImage(1),
    masks: tf.reshape(mask, [1, 1, height, width]),
    queryMasks: tf.expandDims(oracle.tensor('qry_label'), 0) as tf.Tensor3D,
    shots: allShots(1, 1),
    training,
  });
}

const modes = [
  { mode: 'eval', training: false, options: () => ({}) },
  { mode: 'train_nodrop', training: true, options: () => ({ dropout: 0 }) },
  { mode: 'train_drop', training: true, options: (oracle: Oracle) => ({ dropout: recordedDropout(oracle) }) },
];

describe.skipIf(sharedFolder === undefined).each(cases)('published RPT, %s', (name) => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = loadOracle(name);
  });

  it.each(modes)('gives the outputs and losses of $mode', ({ mode, training, options }) => {
    tf.tidy(() => {
      const [features, tao] = [oracle.nhwc('features'), oracle.tensor('tao')];
      const result = run(
        oracle,
        { options: { ...options(oracle), firstRegion: recordedStart(oracle, mode) }, training },
        features,
        tao,
        parametersOf(oracle),
      );
      expectClose(tf.transpose(tf.softmax(result.logits), [0, 3, 1, 2]), oracle.tensor(`${mode}_out`));
      const [periphery, align, mse, query, nll] = oracle.array(`${mode}_losses`).data;
      const label = oracle.tensor('qry_label');
      expectClose(crossEntropy(result.logits, label, { classWeights: [0.1, 1] }), [nll!]);
      expectClose(result.alignmentLoss, [align!], 1e-4, 1e-3);
      if (!training) return;
      const own = result.auxiliaryLosses;
      expectClose(own.periphery!, [0.1 * periphery!]);
      expectClose(own.mse!, [0.1 * mse!]);
      expectClose(own.query!, [query!]);
    });
  });

  it('gives the periphery loss, and the prototypes of the regions beside that of the whole', () => {
    tf.tidy(() => {
      const [features, tao] = [oracle.nhwc('features'), oracle.tensor('tao')];
      const periphery = peripheryLoss({
        features: tf.slice(features, [0, 0, 0, 0], [1, -1, -1, -1]),
        threshold: tf.slice(tao, [0, 0], [1, 1]),
        mask: tf.expandDims(oracle.tensor('sup_mask'), 0) as tf.Tensor3D,
      });
      expectClose(periphery, [oracle.array('eval_losses').data[0]!]);
      const { classes } = run(oracle, { options: {}, training: false }, features, tao, {
        ...parametersOf(oracle),
      });
      const { levels, uncalibrated } = classes.foreground!.prototypes[0]!;
      expect(levels.map(({ shape }) => shape[0])).toEqual([1]);
      expectClose(uncalibrated![0]!, oracle.tensor('partition_prototypes'));
    });
  });

  const differentiated = modes.filter(({ training }) => training);
  it.each(differentiated)('gives the gradients of $mode', ({ mode, options }) => {
    tf.tidy(() => {
      const parameters = parametersOf(oracle);
      const names = Object.keys(parameters);
      const total = (features: tf.Tensor, tao: tf.Tensor, ...values: tf.Tensor[]): tf.Scalar => {
        const moved = Object.fromEntries(names.map((own, i) => [own, values[i]!]));
        const start = { firstRegion: recordedStart(oracle, mode) };
        const settings = { options: { ...options(oracle), ...start }, training: true };
        const result = run(oracle, settings, features as tf.Tensor4D, tao, moved);
        const nll = crossEntropy(result.logits, oracle.tensor('qry_label'), { classWeights: rpt().classWeights });
        return tf.addN([nll, result.alignmentLoss, ...Object.values(result.auxiliaryLosses)]) as tf.Scalar;
      };
      const gradients = tf.grads(total)([
        oracle.nhwc('features'),
        oracle.tensor('tao'),
        ...names.map((own) => parameters[own]!),
      ]);
      expectClose(gradients[0]!, oracle.nhwc(`${mode}_gfeatures`), 1e-3);
      expectClose(gradients[1]!, oracle.tensor(`${mode}_gtao`), 1e-3);
      const prefix = `${mode}_g_`;
      const known = oracle.names.filter((array) => array.startsWith(prefix));
      expect(known.length).toBeGreaterThan(0);
      for (const array of known) {
        expectClose(gradients[2 + names.indexOf(array.slice(prefix.length))]!, oracle.tensor(array), 1e-3);
      }
    });
  });

  it('leaks nothing in training and evaluation', () => {
    const [features, tao, parameters] = [oracle.nhwc('features'), oracle.tensor('tao'), parametersOf(oracle)];
    for (const training of [true, false]) {
      expectNoLeak(() => tf.tidy(() => run(oracle, { options: {}, training }, features, tao, parameters).logits));
    }
    tf.dispose([features, tao, Object.values(parameters)]);
  });
});
