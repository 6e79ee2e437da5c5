import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bucketOrder, stableOrder } from './sort-edges.js';

function reference(keys: Float64Array): number[] {
  return [...keys.keys()].sort((a, b) => keys[a]! - keys[b]! || a - b);
}

it('orders any non-negative numbers as a stable comparison sort does', () => {
  const key = fc.oneof(
    fc.double({ min: 0, noNaN: true }).map((value) => Math.abs(value)),
    fc.constantFrom(0, 1, 5e-324, 1.5, Number.MAX_VALUE, 0.1, 0.30000000000000004),
  );
  fc.assert(
    fc.property(fc.array(key, { maxLength: 400 }), (values) => {
      const keys = Float64Array.from(values);
      const finite = keys.map((value) => (Number.isFinite(value) ? value : 1));
      expect([...stableOrder(finite)]).toEqual(reference(finite));
      expect([...bucketOrder(finite)]).toEqual(reference(finite));
    }),
  );
});

it('keeps equal keys in place and puts Infinity last, also in long lists', () => {
  const keys = Float64Array.from({ length: 30_000 }, (_, i) =>
    i % 7 === 0 ? Number.POSITIVE_INFINITY : ((i * 7919) % 1009) / (1 + (i % 3) * 1e-13),
  );
  const order = bucketOrder(keys);
  let wrong = 0;
  for (let i = 1; i < order.length; i++) {
    const [a, b] = [order[i - 1]!, order[i]!];
    if (!(keys[a]! < keys[b]! || (keys[a] === keys[b] && a < b))) wrong++;
  }
  expect(wrong).toBe(0);
  expect(stableOrder(keys)).toEqual(order);
});
