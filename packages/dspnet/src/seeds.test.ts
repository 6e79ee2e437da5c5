import { createRandom } from '@fsmr/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedSeeds, placeSeeds, type Seed } from './seeds.js';

const published = { maximumSeeds: 5, areaPerSeed: 100 };
const grid = [32, 32] as const;

/** The first cells of a 32 x 32 mask in reading order, without its first row. */
function filled(area: number): Uint8Array {
  return Uint8Array.from({ length: 1024 }, (_, i) => (i >= 32 && i < 32 + area ? 1 : 0));
}

describe('seeds', () => {
  it.each([
    [0, 0],
    [50, 0],
    [149, 0],
    [150, 2],
    [250, 2],
    [251, 3],
    [349, 3],
    [350, 4],
    [450, 4],
    [451, 5],
    [900, 5],
  ])('of a mask of %i cells are %i', (area, count) => {
    expect(placeSeeds(filled(area), grid, grid, published)).toHaveLength(count);
  });

  it('starts at the far corner of a full rectangle', () => {
    const square = Uint8Array.from({ length: 1024 }, (_, i) => {
      const [row, column] = [Math.floor(i / 32), i % 32];
      return row >= 3 && row < 17 && column >= 5 && column < 19 ? 1 : 0;
    });
    const [first, second] = placeSeeds(square, grid, grid, published);
    expect(first).toEqual([16, 18]);
    // From then on the first seed is the only empty cell of the crop.
    expect(second).toEqual([3, 5]);
  });

  it('samples a larger image at the first pixel of each cell', () => {
    const image = Uint8Array.from({ length: 256 * 256 }, (_, i) => {
      const [row, column] = [Math.floor(i / 256), i % 256];
      return row % 8 === 0 && column % 8 === 0 && row < 128 && column < 128 ? 255 : 0;
    });
    expect(placeSeeds(image, [256, 256], grid, published)).toHaveLength(3);
  });

  it('lie inside the mask, each in its own cell', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 2, max: 12 }), (seed, areaPerSeed) => {
        const random = createRandom(seed);
        const mask = Uint8Array.from({ length: 8 * 11 }, () => (random.chance(0.6) ? 1 : 0));
        const seeds = placeSeeds(mask, [8, 11], [8, 11], { maximumSeeds: 5, areaPerSeed });
        expect(seeds.every(([row, column]) => mask[row * 11 + column] === 1)).toBe(true);
        expect(new Set(seeds.map(String)).size).toBe(seeds.length);
      }),
      { seed: 2, numRuns: 40 },
    );
  });

  it('are counted by their non-zero coordinates', () => {
    const seeds: Seed[] = [
      [0, 4],
      [3, 0],
      [0, 0],
    ];
    expect(countedSeeds(seeds)).toEqual([[0, 4]]);
    expect(
      countedSeeds([
        [1, 1],
        [2, 0],
      ]),
    ).toEqual([
      [1, 1],
      [2, 0],
    ]);
    expect(countedSeeds([])).toEqual([]);
  });
});
