import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foregroundRegions } from './index.js';

const first = () => 0;

describe('foreground regions', () => {
  it('own at least one cell each, and every foreground cell belongs to the nearest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 48, maxLength: 48 }),
        fc.integer({ min: 1, max: 60 }),
        (mask, wanted) => {
          const values = mask.map(Number);
          const { cells, centres, labels } = foregroundRegions(values, 8, wanted, first);
          const inside = values.filter((value) => value > 0).length;
          expect(cells.length).toBeGreaterThanOrEqual(Math.max(inside, Math.min(wanted, 48)));
          expect(centres).toHaveLength(Math.min(wanted, cells.length));
          expect(new Set(labels).size).toBe(centres.length);
          centres.forEach((centre, region) => {
            expect(labels[cells.indexOf(centre)]).toBe(region);
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it('take in the first cells of the grid where the mask is too small', () => {
    const mask = new Float32Array(16);
    mask[15] = 0.25;
    const { cells } = foregroundRegions(mask, 4, 5, first);
    expect(cells.map(({ row, column }) => row * 4 + column)).toEqual([0, 1, 2, 3, 4, 15]);
  });
});
