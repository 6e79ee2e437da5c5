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
  pool.give(new ArrayBuffer(a.byteLength));
  pool.give(new ArrayBuffer(200_000));
  expect(pool.freeBytes()).toBe(a.byteLength + b.byteLength);
  expect(new Set([pool.take(60_000), pool.take(60_000)])).toEqual(new Set([a, b]));
  pool.give(a);
  pool.clear();
  expect(pool.freeBytes()).toBe(0);
});

it('lets go of sizes that were not used for longest', () => {
  const pool = createBufferPool(155_000);
  const [old, small] = [pool.take(60_000), pool.take(20_000)];
  pool.give(old);
  pool.give(small);
  pool.give(pool.take(20_000));
  const [first, second] = [pool.take(64_000), pool.take(64_000)];
  pool.give(first);
  // Of the sizes that lie ready 60,000 was used first.
  pool.give(second);
  expect(pool.freeBytes()).toBe(small.byteLength + first.byteLength + second.byteLength);
  expect(pool.take(20_000)).toBe(small);
  expect(pool.take(60_000)).not.toBe(old);
});
