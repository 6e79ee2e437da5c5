import type { ParameterRecord } from '@fsmr/core';
import { expectClose, loadNpzOracle, type Oracle, sharedFolder } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { formulaImages, formulaParameters } from '../network/formula.fixture.js';
import { archives, meaningOf, saltOf, withoutOracles } from '../network/oracle.fixture.js';
import { startPass } from '../network/pass.js';
import { convLstmStep } from './conv-lstm.js';
import { binaryCrossEntropy, featureDistance } from './losses.js';
import { refinementNet } from './refinement-net.js';
import { attentionKernel, minMaxNormalise, raterUncertainty } from './soft-attention.js';
import { upBlock } from './up-block.js';

/** The arrays below a prefix as parameters in memory layout. */
function parametersOf(oracle: Oracle, prefix: string): ParameterRecord {
  const own = oracle.names.filter((name) => name.startsWith(prefix));
  return Object.fromEntries(
    own.map((name) => {
      const stored = oracle.tensor(name);
      return [name.slice(prefix.length), stored.rank === 4 ? tf.transpose(stored, [2, 3, 1, 0]) : stored];
    }),
  );
}

describe.skipIf(sharedFolder === undefined).each(archives('mrnet_units'))(
  'units of the published MRNet, %s',
  (name) => {
    if (sharedFolder === undefined) return withoutOracles();
    const oracle = loadNpzOracle(name);
    const evaluating = { training: false };

    it('attention kernels', () => {
      for (const array of oracle.names.filter((candidate) => candidate.startsWith('gkern'))) {
        const [, size, deviations] = /^gkern(\d+)_(\d+)$/.exec(array)!;
        expectClose(attentionKernel(Number(size), Number(deviations)), oracle.array(array).data, 1e-12);
      }
    });

    it('ConvLSTM step', () => {
      const pass = startPass(parametersOf(oracle, 'lstm.w.'), evaluating);
      const condition = oracle.nhwc('lstm.c');
      const state = convLstmStep(pass, 'Gates', oracle.nhwc('lstm.x'), { hidden: condition, cell: condition });
      expectClose(state.hidden, oracle.nhwc('lstm.h'), 1e-5);
      expectClose(state.cell, oracle.nhwc('lstm.cell'), 1e-5);
    });

    it('up block', () => {
      const own = parametersOf(oracle, 'unetblock.w.');
      const parameters = Object.fromEntries(Object.entries(own).map(([key, tensor]) => [`b.${key}`, tensor]));
      const y = upBlock(
        startPass(parameters, evaluating),
        'b',
        oracle.nhwc('unetblock.up'),
        oracle.nhwc('unetblock.skip'),
      );
      expectClose(y, oracle.nhwc('unetblock.y'), 1e-5);
    });

    it('refinement network with soft attention and uncertainty', () => {
      const salt = saltOf(oracle);
      const half = oracle.constants.softatt_hw as number;
      const [batch, classes, size] = oracle.array('softatt.y').shape as [number, number, number];
      const raters = Number(/six0\.\.(\d+)/.exec(meaningOf(name, 'softatt.y'))![1]) + 1;
      const logits = (text: string) => formulaImages(salt + text, [batch, classes, size, size], -2, 2);
      const network = refinementNet({ classes, inputs: 256, width: 64 });
      const { 'Soft.gaussian_kernel': kernelShape, ...formulaShapes } = network.shapes;
      // The kernel keeps its first value; weights begin with the module's name.
      const kernel = tf.tensor(Float32Array.from(attentionKernel()), [...kernelShape!]);
      const parameters = { ...formulaParameters(`${salt}att/`, formulaShapes), 'Soft.gaussian_kernel': kernel };
      const six = tf.stack(
        Array.from({ length: raters }, (_, rater) => logits(`six${rater}`)),
        3,
      ) as tf.Tensor5D;
      const coarse = logits('out');
      const features = formulaImages(`${salt}fea`, [batch, 256, half, half], -1, 1);
      const { outputs } = network.apply(parameters, { features, coarse, raters: six }, evaluating);
      expectClose(outputs, oracle.nhwc('softatt.y'), 1e-5);
      const channel = (maps: tf.Tensor4D, index: number) => tf.slice(maps, [0, 0, 0, index], [-1, -1, -1, 1]);
      const uncertainty = raterUncertainty(six);
      for (const [index, what] of ['disc', 'cup'].entries()) {
        expectClose(channel(tf.sigmoid(coarse), index), oracle.nhwc(`softatt.Att_${what}`), 1e-5);
        expectClose(channel(uncertainty, index), oracle.nhwc(`softatt.unc_${what}`), 1e-5);
      }
    });

    it('normalised map and losses', () => {
      expectClose(minMaxNormalise(oracle.nhwc('minmax.x')), oracle.nhwc('minmax.y'), 1e-6);
      const [a, b] = [oracle.nhwc('contr.a'), oracle.nhwc('contr.b')];
      expect(featureDistance(a, b).dataSync()[0]).toBeCloseTo(oracle.scalar('contr.loss'), 4);
      const targets = tf.mul(tf.cast(tf.greater(b, 0), 'float32'), 0.5);
      expect(binaryCrossEntropy(a, targets).dataSync()[0]).toBeCloseTo(oracle.scalar('bce.loss'), 6);
    });
  },
);
