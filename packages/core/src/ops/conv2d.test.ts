import { expectClose, expectNoLeak, loadOracle, type Oracle, oracleCases } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ShapeError } from '../errors.js';
import { type Conv2dOptions, conv2d } from './conv2d.js';

const hwio = (oracle: Oracle, name: string): tf.Tensor4D =>
  tf.transpose(oracle.tensor(name) as tf.Tensor4D, [2, 3, 1, 0]);

const cases: [string, Conv2dOptions][] = [
  ...[1, 2, 4].flatMap((dilation) =>
    [1, 2].map((strides): [string, Conv2dOptions] => [
      `conv_d${dilation}_s${strides}`,
      { strides, dilation, padding: dilation },
    ]),
  ),
  ['conv7', { strides: 2, padding: 3 }],
];

describe.skipIf(oracleCases('ops').length === 0).each(oracleCases('ops'))('convolution of oracle %s', (name) => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = loadOracle(name);
  });

  it.each(cases)('%s', (key, options) => {
    const x = oracle.nhwc(`${key}_x`);
    const filter = hwio(oracle, `${key}_w`);
    const dy = oracle.nhwc(`${key}_gy`);
    expectClose(conv2d(x, filter, options), oracle.nhwc(`${key}_y`));
    const [dx, dw] = tf.grads((a, b) => conv2d(a as tf.Tensor4D, b as tf.Tensor4D, options))([x, filter], dy);
    expectClose(dx!, oracle.nhwc(`${key}_gx`), 1e-3);
    expectClose(dw!, hwio(oracle, `${key}_gw`), 1e-3);
  });
});

/** The sum that defines a convolution, in plain numbers. */
function reference(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  { strides = 1, dilation = 1, padding }: Conv2dOptions,
): number[] {
  const [xs, ws] = [x.arraySync(), filter.arraySync()];
  const [batch, height, width, inputs] = x.shape;
  const [kh, kw, , outputs] = filter.shape;
  const out = (extent: number, taps: number): number =>
    Math.floor((extent + 2 * padding - dilation * (taps - 1) - 1) / strides) + 1;
  const result: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let row = 0; row < out(height, kh); row++)
      for (let column = 0; column < out(width, kw); column++)
        for (let o = 0; o < outputs; o++) {
          let sum = 0;
          for (let i = 0; i < kh; i++)
            for (let j = 0; j < kw; j++)
              for (let c = 0; c < inputs; c++) {
                const y = row * strides + i * dilation - padding;
                const z = column * strides + j * dilation - padding;
                sum += (xs[b]![y]?.[z]?.[c] ?? 0) * ws[i]![j]![c]![o]!;
              }
          result.push(sum);
        }
  return result;
}

describe('conv2d', () => {
  const shapes = fc.record({
    height: fc.integer({ min: 1, max: 7 }),
    width: fc.integer({ min: 1, max: 7 }),
    kh: fc.integer({ min: 1, max: 3 }),
    kw: fc.integer({ min: 1, max: 3 }),
    strides: fc.integer({ min: 1, max: 3 }),
    dilation: fc.integer({ min: 1, max: 3 }),
    padding: fc.integer({ min: 0, max: 4 }),
  });

  it('equals its definition, and its gradients are its transposes, for any geometry', () => {
    fc.assert(
      fc.property(shapes, ({ height, width, kh, kw, ...options }) => {
        const reach = [options.dilation * (kh - 1) + 1, options.dilation * (kw - 1) + 1];
        fc.pre(height + 2 * options.padding >= reach[0]! && width + 2 * options.padding >= reach[1]!);
        tf.tidy(() => {
          const x: tf.Tensor4D = tf.randomNormal([2, height, width, 2], 0, 1, 'float32', 1);
          const filter: tf.Tensor4D = tf.randomNormal([kh, kw, 2, 3], 0, 1, 'float32', 2);
          const y = conv2d(x, filter, options);
          expectClose(y, reference(x, filter, options), 1e-4, 1);
          const dy = tf.randomNormal(y.shape, 0, 1, 'float32', 3);
          const [dx, dw] = tf.grads((a, b) => conv2d(a as tf.Tensor4D, b as tf.Tensor4D, options))([x, filter], dy);
          // <dy, conv(x, w)> is linear in x and in w, so the gradients must reproduce it.
          const [product] = tf.sum(tf.mul(y, dy)).dataSync();
          expect(tf.sum(tf.mul(x, dx!)).dataSync()[0]).toBeCloseTo(product!, 3);
          expect(tf.sum(tf.mul(filter, dw!)).dataSync()[0]).toBeCloseTo(product!, 3);
        });
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it('has an exact gradient for a frozen partner', () => {
    const x: tf.Tensor4D = tf.ones([1, 3, 3, 1]);
    const filter: tf.Tensor4D = tf.ones([3, 3, 1, 1]);
    const dx = tf.grad((a) => conv2d(a as tf.Tensor4D, filter, { padding: 1 }))(x);
    expect([...dx.dataSync()]).toEqual([4, 6, 4, 6, 9, 6, 4, 6, 4]);
  });

  it('frees what it allocates', () => {
    const x: tf.Tensor4D = tf.ones([1, 6, 6, 2]);
    const filter: tf.Tensor4D = tf.ones([3, 3, 2, 2]);
    expectNoLeak(() => conv2d(x, filter, { padding: 2, dilation: 2, strides: 2 }));
    expectNoLeak(() =>
      tf.grads((a, b) => conv2d(a as tf.Tensor4D, b as tf.Tensor4D, { padding: 2, dilation: 2 }))([x, filter]),
    );
    const point: tf.Tensor4D = tf.ones([1, 1, 2, 2]);
    expectNoLeak(() => conv2d(x, point, { padding: 0 }));
  });

  it('refuses shapes that do not fit', () => {
    const x: tf.Tensor4D = tf.ones([1, 4, 4, 2]);
    expect(() => conv2d(x, tf.ones([3, 3, 3, 1]), { padding: 1 })).toThrow(ShapeError);
    expect(() => conv2d(x, tf.ones([3, 3, 2, 1]), { padding: 0, dilation: 4 })).toThrow(ShapeError);
  });
});
