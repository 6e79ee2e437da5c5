import { expectClose, expectNoLeak, gradientError } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { initialMixing, mixChannels } from './channel-mixing.js';

const rows = [
  [0.2, -0.4, 0.5, 0.1],
  [0.3, 0.8, -0.6, 0.7],
  [-0.5, 0.6, 0.2, -0.1],
];

/** Softmax over the channels each channel varies together with. */
function covariation(i: number): number[] {
  const products = [0, 1, 2, 3].map((j) => rows.reduce((sum, cell) => sum + cell[i]! * cell[j]!, 0));
  const weights = products.map(Math.exp);
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

describe('channel mixing', () => {
  it('adds weighted neighbours, and only weighs the first and the last channel', () => {
    tf.tidy(() => {
      const alpha = 0.3;
      const mixed = rows.map((cell) =>
        cell.map((value, i) => {
          const s = covariation(i);
          const weight = (j: number) => 1 + alpha * s[j]!;
          if (i === 0 || i === 3) return weight(i) * value;
          return 0.3 * weight(i - 1) * cell[i - 1]! + 0.8 * weight(i) * value + 0.3 * weight(i + 1) * cell[i + 1]!;
        }),
      );
      expectClose(mixChannels(tf.tensor2d(rows), initialMixing(4), alpha), mixed.flat(), 1e-6);
    });
  });

  it('has the gradient of finite differences, off the diagonals too', () => {
    tf.tidy(() => {
      const cells = tf.tensor2d(rows);
      const mixing = initialMixing(4);
      const upstream = tf.tensor2d(rows.map((row) => [...row].reverse()));
      const cost = (c: tf.Tensor, m: tf.Tensor) =>
        tf.sum(tf.mul(mixChannels(c as tf.Tensor2D, m as tf.Tensor2D, 0.2), upstream)) as tf.Scalar;
      expect(gradientError((c) => cost(c, mixing), cells)).toBeLessThan(2e-3);
      expect(gradientError((m) => cost(cells, m), mixing, { probes: 16 })).toBeLessThan(2e-3);
    });
  });

  it('stays finite where products are large, refuses another width and leaks nothing', () => {
    const cells = tf.mul(tf.tensor2d(rows), 1e4) as tf.Tensor2D;
    const mixing = initialMixing(4);
    const mixed = mixChannels(cells, mixing, 0.2);
    expect(mixed.dataSync().every(Number.isFinite)).toBe(true);
    expectNoLeak(() => mixChannels(cells, mixing, 0.2));
    const narrow = initialMixing(3);
    expect(() => mixChannels(cells, narrow, 0.2)).toThrow(/cls_unit.cal is \[3,3\] where features have 4 channels/);
    tf.dispose([cells, mixing, narrow, mixed]);
  });
});
