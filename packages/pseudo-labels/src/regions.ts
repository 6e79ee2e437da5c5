import type { SortedEdges } from './grid-edges.js';

/** A partition of pixels or voxels into regions 0..count-1. */
export interface Partition {
  readonly data: Int32Array;
  readonly count: number;
}

/**
 * The merging of Felzenszwalb and Huttenlocher on a sorted list of edges, in scikit-image's arithmetic.
 *
 * Two regions are joined where the edge between them costs less than both regions' inner difference plus
 * `scale / size`, that sum rounded to single precision. A second pass over the same list joins regions below the
 * minimum size. A region's root is its first pixel.
 *
 * @returns regions numbered in the order of their first pixel.
 */
export function mergeRegions(edges: SortedEdges, scale: number, minimumSize: number): Partition {
  const { nodes, shifts, cost, order, count } = edges;
  const parent = new Int32Array(nodes);
  for (let i = 0; i < nodes; i++) parent[i] = i;
  const size = new Int32Array(nodes).fill(1);
  const inner = new Float64Array(nodes);
  const fround = Math.fround;

  for (let rank = 0; rank < count; rank++) {
    const edge = order[rank]!;
    const family = (edge / nodes) | 0;
    const from = edge - family * nodes;
    const a = findRoot(parent, from);
    const b = findRoot(parent, from + shifts[family]!);
    if (a === b) continue;
    const weight = cost[edge]!;
    if (weight < fround(inner[a]! + scale / size[a]!) && weight < fround(inner[b]! + scale / size[b]!)) {
      const root = Math.min(a, b);
      parent[Math.max(a, b)] = root;
      size[root] = size[a]! + size[b]!;
      inner[root] = weight;
    }
  }
  // Once no region is too small, the remaining edges change nothing.
  let small = 0;
  for (let i = 0; i < nodes; i++) if (parent[i] === i && size[i]! < minimumSize) small++;
  for (let rank = 0; rank < count && small > 0; rank++) {
    const edge = order[rank]!;
    const family = (edge / nodes) | 0;
    const from = edge - family * nodes;
    const a = findRoot(parent, from);
    const b = findRoot(parent, from + shifts[family]!);
    if (a === b || (size[a]! >= minimumSize && size[b]! >= minimumSize)) continue;
    const root = Math.min(a, b);
    parent[Math.max(a, b)] = root;
    const joined = size[a]! + size[b]!;
    small -= Number(size[a]! < minimumSize) + Number(size[b]! < minimumSize) - Number(joined < minimumSize);
    size[root] = joined;
  }
  return numberRoots(parent);
}

function findRoot(parent: Int32Array, node: number): number {
  let root = node;
  let above = parent[root]!;
  while (above !== root) {
    // Halving the path on the way keeps later searches short.
    const next = parent[above]!;
    parent[root] = next;
    root = next;
    above = parent[root]!;
  }
  return root;
}

function numberRoots(parent: Int32Array): Partition {
  const data = new Int32Array(parent.length);
  let count = 0;
  // A root is smaller than all its nodes, so its number is known when they come.
  for (let i = 0; i < parent.length; i++) {
    const root = findRoot(parent, i);
    data[i] = root === i ? count++ : data[root]!;
  }
  return { data, count };
}
