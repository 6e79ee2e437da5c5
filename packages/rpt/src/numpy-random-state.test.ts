import { expect, it } from 'vitest';
import { numpyRandomState } from './index.js';

const counts = [1, 2, 7, 100, 131, 4096, 65536];

/** From numpy 1.24.2: `r = RandomState(seed)`, `[r.choice(n) for n in counts * 2]`, then the last of 700 `choice(3000)`. */
it.each([
  [0, [0, 0, 5, 64, 67, 763, 30403, 0, 1, 1, 83, 21, 1778, 46884], 28],
  [1289, [0, 0, 1, 90, 49, 3795, 25570, 0, 1, 3, 49, 49, 2545, 13217], 676],
  [4294967295, [0, 1, 2, 12, 71, 1972, 65088, 0, 0, 2, 89, 32, 2687, 29307], 349],
])('draws what numpy draws from seed %i', (seed, expected, last) => {
  const state = numpyRandomState(seed);
  expect([...counts, ...counts].map((count) => state.choice(count))).toEqual(expected);
  const many = Array.from({ length: 700 }, () => state.choice(3000));
  expect(many.at(-1)).toBe(last);
});
