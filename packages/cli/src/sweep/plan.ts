import { ConfigError } from '@fsmr/core';
import type { Cell } from './cells.js';

/** One share of a sweep, counted from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** A cell, and the cell that trains for it where that is another one. */
export interface PlannedCell {
  readonly cell: Cell;
  readonly trainedBy: Cell | undefined;
}

/** Reads `2/5`. @throws ConfigError for anything else. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (index !== undefined && shard.index >= 1 && shard.index <= shard.count) return shard;
  throw new ConfigError(`${JSON.stringify(text)} is no share of a sweep.`, {
    remedy: 'Write i/n with i from 1 to n, such as 2/5.',
  });
}

/** The cells of one share. Cells that train the same weights stay together, the first of them trains. */
export function planCells(cells: readonly Cell[], shard: Shard = { index: 1, count: 1 }): PlannedCell[] {
  const trainers = new Map<string, { readonly cell: Cell; readonly share: number }>();
  return cells.flatMap((cell) => {
    const known = trainers.get(cell.training) ?? { cell, share: (trainers.size % shard.count) + 1 };
    trainers.set(cell.training, known);
    if (known.share !== shard.index) return [];
    return [{ cell, trainedBy: known.cell === cell ? undefined : known.cell }];
  });
}
