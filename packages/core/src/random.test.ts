import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from './errors.js';
import { createRandom, restoreRandom } from './random.js';

const draw = (random: { next(): number }, count: number) => Array.from({ length: count }, () => random.next());

describe('createRandom', () => {
  it('gives the same sequence for the same seed, for ever', () => {
    expect(draw(createRandom(1234), 3)).toMatchInlineSnapshot(`
      [
        0.3784619909711182,
        0.6618999307975173,
        0.91647904436104,
      ]
    `);
  });

  it('gives other sequences for other seeds', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (a, b) => {
        fc.pre(a !== b);
        expect(draw(createRandom(a), 4)).not.toEqual(draw(createRandom(b), 4));
      }),
    );
  });

  it('goes on from a saved state as if nothing had happened', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(50), (seed, drawn) => {
        const random = createRandom(seed);
        draw(random, drawn);
        const state = random.state();
        expect(draw(restoreRandom(state), 5)).toEqual(draw(random, 5));
      }),
    );
  });

  it('forks by label, whatever has been drawn', () => {
    const random = createRandom(7);
    const before = draw(random.fork('styles'), 3);
    draw(random, 10);
    expect(draw(random.fork('styles'), 3)).toEqual(before);
    expect(draw(random.fork('augmentation'), 3)).not.toEqual(before);
    expect(draw(restoreRandom(random.state()).fork('styles'), 3)).toEqual(before);
  });

  it('is uniform: mean 1/2, variance 1/12, integers all drawn', () => {
    const random = createRandom(1);
    const numbers = draw(random, 100_000);
    const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
    const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length;
    expect(mean).toBeCloseTo(0.5, 2);
    expect(variance).toBeCloseTo(1 / 12, 2);
    const seen = new Set(Array.from({ length: 200 }, () => random.integer(-2, 3)));
    expect([...seen].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3]);
  });

  it('is normal: mean 0, variance 1', () => {
    const random = createRandom(2);
    const numbers = Array.from({ length: 50_000 }, () => random.normal());
    expect(numbers.reduce((sum, x) => sum + x, 0) / numbers.length).toBeCloseTo(0, 1);
    expect(numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length).toBeCloseTo(1, 1);
  });

  it('shuffles without losing anything and picks only what is there', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.integer(), { minLength: 1 }), (seed, items) => {
        const random = createRandom(seed);
        const order = (a: number, b: number) => a - b;
        expect(random.shuffle(items).sort(order)).toEqual([...items].sort(order));
        expect(items).toContain(random.pick(items));
      }),
    );
    expect(() => createRandom(1).pick([])).toThrow(InputError);
    expect(() => createRandom(1).pick([])).toThrow('pick needs at least one item. Look at the length');
  });
});
