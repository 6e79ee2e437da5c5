import { withPrefix } from '@fsmr/core';
import { expectClose, formulaValues, loadNpzOracle, sharedFolder } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { formulaImages, formulaParameters } from '../network/formula.fixture.js';
import { archives, saltOf, useNativeBackend, withoutOracles } from '../network/oracle.fixture.js';
import { startPass } from '../network/pass.js';
import { combine, combinerBlanks } from './combiner.js';
import { klDivergence } from './gaussian.js';
import { gaussianBlanks, gaussianEncoder } from './gaussian-encoder.js';
import { boundLoss, bounds, generalisedDiceLoss, normSum } from './losses.js';
import { attendBank, headBlanks, projectionHead } from './projection-heads.js';

useNativeBackend('dpersona');

interface Constants {
  readonly R: number;
  readonly n: number;
  readonly inputs: string;
  /** Shapes in torch's layout by name. */
  readonly keys: Readonly<Record<string, readonly number[]>>;
}

const toMemory = (shape: readonly number[]) =>
  shape.length === 4 ? [shape[2]!, shape[3]!, shape[1]!, shape[0]!] : [...shape];

describe.skipIf(sharedFolder === undefined).each(archives('dpersona'))('the published D-Persona, %s', (name) => {
  if (sharedFolder === undefined) return withoutOracles();
  const oracle = loadNpzOracle(name);
  const salt = saltOf(oracle);
  const { R, n, inputs, keys } = oracle.constants as unknown as Constants;
  const batch = oracle.array('prior.mu').shape[0]!;
  const bankSize = Number(/dp_zset \(\d+,(\d+),/.exec(inputs)![1]);
  const shapes = Object.fromEntries(Object.entries(keys).map(([key, shape]) => [key, toMemory(shape)]));
  const pass = () => startPass(formulaParameters(`${salt}dp/`, shapes), { training: false });
  const channels = keys['prior.encoder.layers.0.weight']![1]!;
  const images = () => formulaImages(`${salt}dp_img`, [batch, channels, n, n], 0, 1);
  const masks = () =>
    tf.cast(tf.greater(formulaImages(`${salt}dp_seg`, [batch, R, n, n], 0, 1), 0.5), 'float32') as tf.Tensor4D;
  const features = () => formulaImages(`${salt}dp_fea`, [batch, 16, n, n], -1, 1);
  const logits = () => formulaImages(`${salt}dp_p`, [batch, R, n, n], -2, 2);

  it('has these parameters', () => {
    const blanks = {
      ...gaussianBlanks('prior', channels),
      ...gaussianBlanks('posterior', channels + R),
      ...combinerBlanks(),
      ...headBlanks(R),
    };
    expect(Object.fromEntries(Object.entries(blanks).map(([key, { shape }]) => [key, shape]))).toEqual(shapes);
  });

  it('prior, posterior and their divergence', () => {
    const own = pass();
    const prior = gaussianEncoder(own, 'prior', images());
    const posterior = gaussianEncoder(own, 'posterior', tf.concat([images(), masks()], 3));
    expectClose(prior.mean, oracle.tensor('prior.mu'), 2e-5);
    expectClose(prior.deviation, oracle.tensor('prior.sigma'), 2e-5);
    expectClose(posterior.mean, oracle.tensor('post.mu'), 2e-5);
    expectClose(posterior.deviation, oracle.tensor('post.sigma'), 2e-5);
    expectClose(klDivergence(posterior, prior), oracle.tensor('kl'), 1e-4);
  });

  it('combiner', () => {
    const points = tf.tensor3d(formulaValues(`${salt}dp_z`, [batch, 6], -1, 1), [batch, 1, 6]);
    expectClose(combine(pass(), features(), points), oracle.nhwc('fcomb'), 2e-5);
  });

  it('projection heads', () => {
    const bank = tf.tensor3d(formulaValues(`${salt}dp_zset`, [batch, bankSize, 6], -1, 1), [batch, bankSize, 6]);
    for (let rater = 0; rater < R; rater++) {
      const own = pass();
      const point = attendBank(projectionHead(own, features(), rater, { padding: 3 }), bank);
      expectClose(point, oracle.tensor(`proj${rater}.z`), 2e-5);
      const map = combine(own, features(), tf.expandDims(point, 1) as tf.Tensor3D);
      expectClose(map, oracle.nhwc(`proj${rater}.logits`), 2e-5);
    }
  });

  it('losses', () => {
    const value = (scalar: tf.Scalar) => scalar.dataSync()[0]!;
    const channel = (maps: tf.Tensor4D) => tf.slice(maps, [0, 0, 0, 0], [-1, -1, -1, 1]);
    expect(value(generalisedDiceLoss(logits(), masks()))).toBeCloseTo(oracle.scalar('gdl_multi'), 5);
    expect(value(generalisedDiceLoss(channel(logits()), channel(masks())))).toBeCloseTo(oracle.scalar('gdl_single'), 5);
    expectClose(bounds(masks()), oracle.nhwc('minmax'), 0);
    expect(value(boundLoss(logits(), masks()))).toBeCloseTo(oracle.scalar('bound_loss'), 5);
    const { parameters } = pass();
    const regularised = ['posterior.', 'prior.', 'fcomb.layers.'].map((prefix) =>
      normSum(withPrefix(parameters, prefix)),
    );
    expect(value(tf.addN(regularised) as tf.Scalar) / oracle.scalar('l2reg')).toBeCloseTo(1, 5);
  });
});
