import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBufferPool, sizeClass } from './buffer-pool.js';

it('wastes at most an eighth', () => {
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 2 ** 40 }), (bytes) => {
      const size = sizeClass(bytes);
      expect(size).toBeGreaterThanOrEqual(bytes);
      expect(size).toBeLessThanOrEqual(bytes * 1.125);
      expect(sizeClass(size)).toBe(size);
    }),
  );
});

it('gives a buffer to one taker at a time and keeps no more than its limit', () => {
  const pool = createBufferPool(150_000);
  const [a, b] = [pool.take(60_000), pool.take(60_000)];
  expect(a).not.toBe(b);
  pool.give(a);
  pool.give(b);
  pool.give(new ArrayBuffer(65_536));
  expect(pool.freeBytes()).toBe(a.byteLength + b.byteLength);
  expect(new Set([pool.take(60_000), pool.take(60_000)])).toEqual(new Set([a, b]));
  pool.give(a);
  pool.clear();
  expect(pool.freeBytes()).toBe(0);
});
