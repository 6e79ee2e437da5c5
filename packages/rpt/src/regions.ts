import type { FirstRegion } from './first-region.js';

/** A cell of the feature grid. */
export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** A foreground cut into regions. */
export interface Regions {
  /** The foreground cells, in reading order. */
  readonly cells: readonly Cell[];
  /** Where each region is centred, in the order of sampling. */
  readonly centres: readonly Cell[];
  /** The region of each cell: the index of its nearest centre, the first of several. */
  readonly labels: Int32Array;
}

/**
 * Cuts a mask into regions: centres by farthest point sampling, and every cell to its nearest centre (RPT, regional
 * prototype generation).
 *
 * Where the mask has fewer cells than regions are wanted, the first cells of the grid in reading order join it, as in
 * the published program; a grid with fewer cells than that gives one region a cell.
 *
 * @param mask [h w] in reading order; every value above 0 is foreground
 * @param width columns of the grid
 */
export function foregroundRegions(
  mask: ArrayLike<number>,
  width: number,
  wanted: number,
  firstRegion: FirstRegion,
): Regions {
  const cells = foregroundCells(mask, width, wanted);
  const centres = farthestPoints(cells, Math.min(wanted, cells.length), firstRegion);
  return { cells, centres, labels: nearest(cells, centres) };
}

function foregroundCells(mask: ArrayLike<number>, width: number, wanted: number): Cell[] {
  const inside = Array.from(mask, (value) => value !== 0);
  const count = inside.filter(Boolean).length;
  if (count < wanted) inside.fill(true, 0, wanted);
  return inside.flatMap((yes, index) => (yes ? [{ row: Math.floor(index / width), column: index % width }] : []));
}

function squaredDistance(a: Cell, b: Cell): number {
  return (a.row - b.row) ** 2 + (a.column - b.column) ** 2;
}

/** From a first cell on, always the cell farthest from those chosen; the first of several. */
function farthestPoints(cells: readonly Cell[], count: number, firstRegion: FirstRegion): Cell[] {
  let next = cells[firstRegion(cells.length)]!;
  const centres = [next];
  const distances = cells.map((cell) => squaredDistance(cell, next));
  while (centres.length < count) {
    next = cells[distances.reduce((best, distance, i) => (distance > distances[best]! ? i : best), 0)]!;
    centres.push(next);
    cells.forEach((cell, i) => {
      distances[i] = Math.min(distances[i]!, squaredDistance(cell, next));
    });
  }
  return centres;
}

function nearest(cells: readonly Cell[], centres: readonly Cell[]): Int32Array {
  return Int32Array.from(cells, (cell) => {
    let best = 0;
    for (let k = 1; k < centres.length; k++) {
      if (squaredDistance(cell, centres[k]!) < squaredDistance(cell, centres[best]!)) best = k;
    }
    return best;
  });
}
