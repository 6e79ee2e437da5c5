import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { squaredDistances } from './distance.js';

describe('squared distances to the nearest empty cell', () => {
  it('equals the search over all empty cells', () => {
    const grids = fc.record({ rows: fc.integer({ min: 1, max: 9 }), columns: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(
        grids.chain(({ rows, columns }) =>
          fc.record({
            rows: fc.constant(rows),
            columns: fc.constant(columns),
            cells: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: rows * columns, maxLength: rows * columns }),
          }),
        ),
        ({ rows, columns, cells }) => {
          fc.pre(cells.includes(0));
          const expected = cells.map((_, i) => {
            const to = cells.map((value, j) => {
              if (value !== 0) return Number.POSITIVE_INFINITY;
              return (Math.floor(i / columns) - Math.floor(j / columns)) ** 2 + ((i % columns) - (j % columns)) ** 2;
            });
            return Math.min(...to);
          });
          expect([...squaredDistances(Uint8Array.from(cells), rows, columns)]).toEqual(expected);
        },
      ),
      { seed: 1, numRuns: 60 },
    );
  });

  it('measures to a point above the first cell where no cell is empty', () => {
    expect([...squaredDistances(new Uint8Array(6).fill(1), 2, 3)]).toEqual([1, 2, 5, 4, 5, 8]);
  });
});
