/** Seeds against the published program, as many masks as each case holds. */
import { loadOracle, oracleCases } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import { placeSeeds, type Seed } from './seeds.js';

const cases = oracleCases('dspnet_seeds');

/** Unpacks numpy.packbits, most significant bit first. */
function unpackBits(bytes: ArrayLike<number>, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (bytes[i >> 3]! >> (7 - (i & 7))) & 1);
}

/** Five rows as the published program returns them, the unused ones zero. */
function padded(seeds: readonly Seed[]): number[] {
  return Array.from({ length: 5 }, (_, i) => seeds[i] ?? [0, 0]).flat();
}

describe.skipIf(cases.length === 0)('published DSPNet seeds (needs the shared folder)', () => {
  for (const name of cases) {
    const oracle = loadOracle(name);
    const constants = oracle.constants as {
      down_stride: number;
      max_num_sp: number;
      avg_sp_area: number;
      masks: { H: number; W: number; area: number; used: number }[];
    };
    it.each(constants.masks.map((mask, i) => [i, mask] as const))(`${name} mask %i`, (i, { H, W, area, used }) => {
      const mask = unpackBits(oracle.array(`mask_${i}`).data, H * W);
      expect(mask.reduce((a, b) => a + b, 0)).toBe(area);
      const cells = (extent: number) => Math.floor((extent - 1) / constants.down_stride + 1);
      // Rows and columns of the grid change places, as the published program has it.
      const seeds = placeSeeds(mask, [H, W], [cells(W), cells(H)], {
        maximumSeeds: constants.max_num_sp,
        areaPerSeed: constants.avg_sp_area,
      });
      expect(seeds).toHaveLength(used);
      expect(padded(seeds)).toEqual([...oracle.array(`seeds_${i}`).data]);
    });
  }
});
