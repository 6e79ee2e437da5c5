import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { differenceToCpu, registerNative } from '../testing/backends.js';

beforeAll(registerNative);

const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 2, 'float32', seed);

const unary: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  abs: tf.abs,
  ceil: tf.ceil,
  clip: (x) => tf.clipByValue(x, -0.5, 1),
  cos: tf.cos,
  elu: tf.elu,
  erf: tf.erf,
  exp: tf.exp,
  floor: tf.floor,
  leakyRelu: (x) => tf.leakyRelu(x, 0.3),
  log: (x) => tf.log(tf.abs(x)),
  neg: tf.neg,
  reciprocal: tf.reciprocal,
  relu: tf.relu,
  relu6: tf.relu6,
  round: tf.round,
  rsqrt: (x) => tf.rsqrt(tf.abs(x)),
  selu: tf.selu,
  sigmoid: tf.sigmoid,
  sign: tf.sign,
  sin: tf.sin,
  softplus: tf.softplus,
  sqrt: (x) => tf.sqrt(tf.abs(x)),
  square: tf.square,
  step: (x) => tf.step(x),
  tanh: tf.tanh,
};

/** These are approximated between limits of -1, 0 and 1, so a value close to 0 has fewer right digits than others. */
const limited = new Set(['erf', 'sigmoid']);

const binary: Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor> = {
  add: tf.add,
  div: tf.div,
  equal: (a, b) => tf.equal(tf.round(a), tf.round(b)),
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
  less: tf.less,
  lessEqual: tf.lessEqual,
  logicalAnd: (a, b) => tf.logicalAnd(tf.greater(a, 0), tf.greater(b, 0)),
  maximum: tf.maximum,
  minimum: tf.minimum,
  mul: tf.mul,
  notEqual: (a, b) => tf.notEqual(tf.round(a), tf.round(b)),
  pow: (a, b) => tf.pow(tf.abs(a), b),
  squaredDifference: tf.squaredDifference,
  sub: tf.sub,
};

/** TensorFlow.js takes the seed 0 for none. */
const seeds = fc.integer({ min: 1, max: 99 });

/** Two shapes that broadcast: each axis of each is kept or 1, and the second may be shorter. */
const shapes = fc
  .array(fc.record({ size: fc.integer({ min: 1, max: 5 }), a: fc.boolean(), b: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  })
  .chain((axes) =>
    fc.integer({ min: 0, max: axes.length - 1 }).map((drop) => ({
      a: axes.map(({ size, a }) => (a ? size : 1)),
      b: axes.map(({ size, b }) => (b ? size : 1)).slice(drop),
    })),
  );

describe('element-wise kernels equal those of the cpu backend', () => {
  it.each(Object.entries(unary))('%s', (name, operation) => {
    const least = limited.has(name) ? 0.1 : undefined;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }), seeds, (shape, seed) => {
        expect(differenceToCpu(() => operation(normal(shape, seed)), least)).toBeLessThan(2e-6);
      }),
      { numRuns: 5 },
    );
  });

  it.each(Object.entries(binary))('%s, with broadcasting', (_, operation) => {
    fc.assert(
      fc.property(shapes, seeds, ({ a, b }, seed) => {
        expect(differenceToCpu(() => operation(normal(a, seed), normal(b, seed + 1)))).toBeLessThan(5e-6);
      }),
      { numRuns: 10 },
    );
  });

  it('keeps what is not a number', () => {
    const odd = () => tf.tensor1d([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 2]);
    for (const operation of [tf.relu, tf.step, tf.sign, tf.sqrt, tf.abs, tf.exp, tf.tanh, tf.sigmoid]) {
      expect(differenceToCpu(() => tf.where(tf.isInf(operation(odd())), 9, operation(odd())))).toBeLessThan(1e-6);
    }
    for (const reduce of [tf.max, tf.min, tf.sum]) expect(differenceToCpu(() => reduce(odd()))).toBe(0);
  });

  it('selects by condition', () => {
    const [a, b] = [() => normal([3, 4], 1), () => normal([3, 4], 2)];
    expect(differenceToCpu(() => tf.where(tf.greater(a(), b()), a(), b()))).toBe(0);
    expect(differenceToCpu(() => tf.where(tf.tensor1d([true, false, true, true], 'bool'), a(), b()))).toBe(0);
  });
});
