import { expectClose, loadOracle, type Oracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { tensorSteps } from '../tensor-steps.js';
import type { WeightArray } from '../weights/array.js';
import { toMemory } from '../weights/layout.js';
import type { BlockLayout } from './layout.js';
import { runBlock } from './plan.js';

const inMemory = (oracle: Oracle, name: string): tf.Tensor => {
  const { shape, data } = toMemory(oracle.array(name) as WeightArray);
  return tf.tensor(Float32Array.from(data), [...shape]);
};

const found = oracleCases('bottleneck_');
// A file without any suite would count as a fault.
const cases = found.length === 0 ? ['no shared folder'] : found;

describe.skipIf(found.length === 0).each(cases)('bottleneck of oracle %s', (name) => {
  it.each(['eval', 'train'])('%s', (mode) => {
    const oracle = loadOracle(name);
    const constants = oracle.constants as Pick<BlockLayout, 'planes' | 'stride' | 'dilation' | 'downsample'> & {
      inplanes: number;
    };
    const layout: BlockLayout = {
      ...constants,
      name: 'b',
      kind: 'bottleneck',
      strideOn: '3x3',
      inputs: constants.inplanes,
      outputs: 4 * constants.planes,
    };
    const keys = oracle.names.filter((key) => key.startsWith('w_')).map((key) => key.slice(2));
    const parameters = Object.fromEntries(keys.map((key) => [`b.${key}`, inMemory(oracle, `w_${key}`)]));
    const apply = (x: tf.Tensor, moved: Record<string, tf.Tensor>) => {
      const { steps, statistics } = tensorSteps({ ...parameters, ...moved }, mode === 'train');
      return { y: runBlock(steps, x, layout, ''), statistics };
    };
    const x = oracle.nhwc('x');
    const { y, statistics } = apply(x, {});
    expectClose(y, oracle.nhwc(`${mode}_y`));

    const trained = keys.filter((key) => oracle.has(`${mode}_g_${key}`));
    expect(trained.length).toBeGreaterThan(0);
    const [dx, ...gradients] = tf.grads(
      (images, ...some) => apply(images, Object.fromEntries(trained.map((key, i) => [`b.${key}`, some[i]!]))).y,
    )([x, ...trained.map((key) => parameters[`b.${key}`]!)], oracle.nhwc('gy'));
    expectClose(dx!, oracle.nhwc(`${mode}_gx`), 1e-3);
    trained.forEach((key, i) => void expectClose(gradients[i]!, inMemory(oracle, `${mode}_g_${key}`), 1e-3));

    if (mode === 'eval') return;
    for (const key of keys.filter((key) => /running/.test(key))) {
      expectClose(statistics[`b.${key}`]!, oracle.tensor(`after_train_${key}`));
    }
  });
});
