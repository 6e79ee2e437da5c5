import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { differentiable } from './differentiable.js';

/** x to the third, counting how often its gradient is computed. */
function cube(x: tf.Tensor, calls: string[] = []): tf.Tensor {
  return differentiable({
    inputs: { x },
    forward: (save) => {
      save([x]);
      return [tf.pow(x, 3)];
    },
    backward: ([dy], [kept]) => ({
      x: () => {
        calls.push('x');
        return tf.mul(dy!, tf.mul(3, tf.square(kept!)));
      },
    }),
  })[0]!;
}

describe('differentiable', () => {
  it('computes only the gradients that are wanted', () => {
    const calls: string[] = [];
    const product = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
      differentiable({
        inputs: { a, b },
        forward: (save) => {
          save([a, b]);
          return [tf.mul(a, b)];
        },
        backward: ([dy], [savedA, savedB]) => ({
          a: () => {
            calls.push('a');
            return tf.mul(dy!, savedB!);
          },
          b: () => {
            calls.push('b');
            return tf.mul(dy!, savedA!);
          },
        }),
      })[0]!;
    const frozen = tf.scalar(3);
    expect(
      tf
        .grad((x) => product(x, frozen))(tf.scalar(2))
        .dataSync()[0],
    ).toBe(3);
    expect(calls).toEqual(['a']);
  });

  it('passes several outputs', () => {
    const both = (x: tf.Tensor): tf.Tensor => {
      const [double, half] = differentiable({
        inputs: { x },
        forward: () => [tf.mul(x, 2), tf.div(x, 2)],
        backward: ([first, second]) => ({ x: () => tf.add(tf.mul(first!, 2), tf.div(second!, 2)) }),
      });
      return tf.add(double!, tf.mul(half!, 10));
    };
    expect(tf.grad(both)(tf.scalar(1)).dataSync()[0]).toBe(7);
  });

  it('chains, branches, and keeps the gradient its caller handed in', () => {
    const x = tf.tensor1d([1, 2]);
    const dy = tf.tensor1d([1, 10]);
    const f = (a: tf.Tensor): tf.Tensor => {
      const first = cube(a);
      return tf.add(cube(first), first);
    };
    expect([...tf.grad(f)(x, dy).dataSync()]).toEqual([9 + 3, 10 * (9 * 256 + 12)]);
    expect([
      ...tf
        .grad((a) => cube(a))(x, dy)
        .dataSync(),
    ]).toEqual([3, 120]);
    expect([...dy.dataSync()]).toEqual([1, 10]);
  });

  it('has a second derivative', () => {
    const second = tf.grad((a) => tf.grad((b) => cube(b))(a));
    expect(second(tf.scalar(2)).dataSync()[0]).toBe(12);
  });

  it('records itself alone, not what it saves, and frees what no gradient needed', () => {
    const [a, b] = [tf.scalar(2), tf.scalar(3)];
    const before = tf.memory().numTensors;
    let recorded = 0;
    const slope = tf.grad((x) => {
      cube(b);
      const y = cube(x);
      recorded = tf.engine().state.activeTape.length;
      return y;
    })(a);
    expect(slope.dataSync()[0]).toBe(12);
    expect(recorded).toBe(2);
    expect(tf.memory().numTensors - before).toBe(1);
  });

  it('frees what the backward pass has used', () => {
    const x = tf.tensor1d([1, 2]);
    const before = tf.memory().numTensors;
    let most = 0;
    const long = (a: tf.Tensor): tf.Tensor => {
      let y = a;
      for (let i = 0; i < 20; i++) {
        y = differentiable({
          inputs: { y },
          forward: (save) => {
            const result = tf.mul(y, 1);
            save([result]);
            return [result];
          },
          backward: ([dy], [saved]) => ({
            y: () => {
              most = Math.max(most, tf.memory().numTensors - before);
              expect(saved!.isDisposed).toBe(false);
              return tf.mul(dy!, 1);
            },
          }),
        })[0]!;
      }
      return y;
    };
    tf.grad(long)(x).dispose();
    expect(tf.memory().numTensors).toBe(before);
    // 20 saved tensors at the start of the pass, and no more than a handful beside them at any time.
    expect(most).toBeLessThan(20 + 6);
  });

  it('frees what it saved where it throws on the way', () => {
    const x = tf.tensor1d([1, 2]);
    const before = tf.memory().numTensors;
    const broken = (a: tf.Tensor): tf.Tensor =>
      differentiable({
        inputs: { a },
        forward: (save) => {
          save([a, tf.mul(a, 2)]);
          throw new Error('out of memory');
        },
        backward: ([dy]) => ({ a: () => tf.clone(dy!) }),
      })[0]!;
    expect(() => tf.grad(broken)(x)).toThrow('out of memory');
    expect(tf.memory().numTensors).toBe(before);
    expect([...x.dataSync()]).toEqual([1, 2]);
  });
});
