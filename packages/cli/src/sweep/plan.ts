import type { Shard } from '../run/shard.js';
import type { Cell } from './cells.js';

/** A cell, and the cell that trains for it where that is another one. */
export interface PlannedCell {
  readonly cell: Cell;
  /** Its place among all cells of the grid. */
  readonly index: number;
  readonly trainedBy: Cell | undefined;
}

/** The cells of one share. Cells that train the same weights stay together, the first of them trains. */
export function planCells(cells: readonly Cell[], shard: Shard = { index: 1, count: 1 }): PlannedCell[] {
  const trainers = new Map<string, { readonly cell: Cell; readonly share: number }>();
  return cells.flatMap((cell, index) => {
    const known = trainers.get(cell.training) ?? { cell, share: (trainers.size % shard.count) + 1 };
    trainers.set(cell.training, known);
    if (known.share !== shard.index) return [];
    return [{ cell, index, trainedBy: known.cell === cell ? undefined : known.cell }];
  });
}
