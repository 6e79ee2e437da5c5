import type { Vector3 } from '@fsmr/imaging';
import { stableOrder } from './sort-edges.js';

/** Edges that run the same way: from each pixel or voxel to the one at this offset. */
export interface EdgeFamily {
  readonly offset: Vector3;
  /** The cost is the square root of this times the squared difference. */
  readonly squaredFactor: number;
}

/**
 * The edges of a grid graph in ascending order of cost. An edge is the number `family * nodes + from`; its other end is
 * `from + shifts[family]`. No list of ends is kept, so that whole volumes fit in memory.
 */
export interface SortedEdges {
  readonly nodes: number;
  readonly shifts: Int32Array;
  readonly cost: Float64Array;
  /** Edge numbers, cheapest first; equal costs by family, then by place. Only the first `count` are edges. */
  readonly order: Int32Array;
  readonly count: number;
}

/**
 * All edges of some families on values of size [x, y, z], x fastest, sorted by cost.
 * Needs 16 bytes for each voxel and family.
 */
export function sortedEdges(values: Float64Array, size: Vector3, families: readonly EdgeFamily[]): SortedEdges {
  const [nx, ny, nz] = size;
  const nodes = values.length;
  const shifts = Int32Array.from(families, ({ offset: [x, y, z] }) => x + nx * (y + ny * z));
  // Places from which an offset leaves the grid keep Infinity and end up behind all edges.
  const cost = new Float64Array(families.length * nodes).fill(Number.POSITIVE_INFINITY);
  let count = 0;
  families.forEach(({ offset: [dx, dy, dz], squaredFactor }, family) => {
    const shift = shifts[family]!;
    const x0 = Math.max(0, -dx);
    const length = Math.max(0, nx - Math.max(0, dx) - x0);
    for (let z = Math.max(0, -dz); z < nz - Math.max(0, dz); z++) {
      for (let y = Math.max(0, -dy); y < ny - Math.max(0, dy); y++) {
        const from = x0 + nx * (y + ny * z);
        costsOfRow(values, from, from + length, shift, squaredFactor, cost, family * nodes);
        count += length;
      }
    }
  });
  return { nodes, shifts, cost, order: stableOrder(cost), count };
}

// By itself, so that the compiler gets hold of it after a few rows.
function costsOfRow(
  values: Float64Array,
  from: number,
  to: number,
  shift: number,
  squaredFactor: number,
  cost: Float64Array,
  base: number,
): void {
  const plain = squaredFactor === 1;
  for (let i = from; i < to; i++) {
    const difference = values[i]! - values[i + shift]!;
    cost[base + i] = plain ? Math.abs(difference) : Math.sqrt(squaredFactor * (difference * difference));
  }
}
