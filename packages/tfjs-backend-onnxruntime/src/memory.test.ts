import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OnnxRuntimeBackend } from './backend.js';
import { registerOnnxRuntimeBackend, unregisterOnnxRuntimeBackend } from './register.js';

const name = 'memory-test';
const backend = () => tf.engine().registry[name] as unknown as OnnxRuntimeBackend;
const large = 40_000;

beforeEach(() => {
  registerOnnxRuntimeBackend({ name, threads: 1, maxPooledBytes: 1_000_000, maxSessions: 3 });
  tf.setBackend(name);
});
afterEach(() => unregisterOnnxRuntimeBackend(name));

describe('memory', () => {
  it('is counted truly and freed wholly', () => {
    const before = tf.memory();
    expect(before.unreliable).toBe(false);
    const x = tf.ones([large]);
    const y = tf.relu(x);
    expect(tf.memory().numBytes - before.numBytes).toBe(2 * 4 * large);
    const buffers = tf.memory().numDataBuffers;
    const view = tf.reshape(y, [200, 200]);
    expect(tf.memory().numDataBuffers).toBe(buffers);
    y.dispose();
    expect(tf.sum(view).dataSync()[0]).toBe(large);
    tf.dispose([x, view]);
    expect(tf.memory().numBytes).toBeLessThanOrEqual(before.numBytes + 4);
  });

  it('is used again, but never while someone may still read it', () => {
    const first = tf.relu(tf.fill([large], 2));
    first.dispose();
    expect(backend().pool.freeBytes()).toBeGreaterThanOrEqual(4 * large);
    const read = tf.relu(tf.fill([large], 3));
    const values = read.dataSync();
    read.dispose();
    const others = [4, 5, 6].map((value) => tf.relu(tf.fill([large], value)));
    expect(values.every((value) => value === 3)).toBe(true);
    tf.dispose(others);
  });

  it('never takes what the user handed in', () => {
    const own = new Float32Array(large).fill(7);
    const tensor = tf.tensor1d(own);
    tensor.dispose();
    const other = tf.relu(tf.fill([large], 1));
    expect(own.every((value) => value === 7)).toBe(true);
    other.dispose();
  });

  it('names a tensor that is too large', () => {
    const line = tf.ones([2 ** 16, 1]) as tf.Tensor2D;
    const wide = () => tf.tidy(() => tf.reshape(tf.tile(tf.reshape(line, [1, 2 ** 16]), [2 ** 26, 1]), [-1]));
    expect(wide).toThrow(/A tensor of shape \[67108864,65536\] needs 16384.0 GiB/);
    expect(tf.sum(line).dataSync()[0]).toBe(2 ** 16);
    line.dispose();
  });

  it('keeps no more than its bounds', () => {
    const tensors = Array.from({ length: 20 }, () => tf.relu(tf.fill([large], 1)));
    tf.dispose(tensors);
    expect(backend().pool.freeBytes()).toBeLessThanOrEqual(1_000_000);
    for (const run of [tf.abs, tf.exp, tf.neg, tf.square, tf.sin]) run(tf.fill([large], 1)).dispose();
    expect(backend().sessions.size()).toBe(3);
    const again = tf.abs(tf.fill([large], -1));
    expect(again.dataSync()[0]).toBe(1);
  });
});

describe('several backends', () => {
  it('move tensors between each other and do not disturb each other', () => {
    const second = registerOnnxRuntimeBackend({ name: 'memory-test-2', threads: 1 });
    const x = tf.relu(tf.fill([large], 2));
    tf.setBackend(second);
    const y = tf.square(x);
    tf.setBackend(name);
    const z = tf.add(y, x);
    expect(z.dataSync()[5]).toBe(6);
    const before = tf.memory().numDataBuffers;
    tf.setBackend(second);
    tf.square(z).dispose();
    tf.setBackend(name);
    tf.square(z).dispose();
    expect(z.dataSync()[5]).toBe(6);
    expect(tf.memory().numDataBuffers).toBe(before);
    unregisterOnnxRuntimeBackend(second);
    expect(tf.relu(z).dataSync()[5]).toBe(6);
  });
});
