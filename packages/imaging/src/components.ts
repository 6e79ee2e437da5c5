import { ShapeError } from '@fsmr/core/errors';
import { type Vector3, voxelCount } from './geometry.js';
import type { LabelImage, Mask2D } from './image.js';

/** Components of a mask: 0 outside, 1..count inside, numbered in the order in which a scan meets them. */
export interface Components {
  readonly labels: Int32Array;
  readonly count: number;
  /** Pixels or voxels of each component; entry 0 is the background. */
  readonly sizes: Int32Array;
}

/** Which neighbours count: 4 or 8 in a plane, 6, 18 or 26 in space. */
export type Connectivity = 4 | 8 | 6 | 18 | 26;

function earlierNeighbours(connectivity: Connectivity): Vector3[] {
  const planar = connectivity === 4 || connectivity === 8;
  const reach = { 4: 1, 8: 2, 6: 1, 18: 2, 26: 3 }[connectivity];
  const offsets: Vector3[] = [];
  for (let z = planar ? 0 : -1; z <= 0; z++) {
    for (let y = -1; y <= 1; y++) {
      for (let x = -1; x <= 1; x++) {
        const earlier = z < 0 || (z === 0 && (y < 0 || (y === 0 && x < 0)));
        if (earlier && Math.abs(x) + Math.abs(y) + Math.abs(z) <= reach) offsets.push([x, y, z]);
      }
    }
  }
  return offsets;
}

function find(parent: Int32Array, start: number): number {
  let root = start;
  while (parent[root]! !== root) root = parent[root]!;
  // Path compression keeps later look-ups short.
  for (let node = start; node !== root; ) {
    const next = parent[node]!;
    parent[node] = root;
    node = next;
  }
  return root;
}

/**
 * Connected components of an array of size [x, y, z], x fastest (z = 1 for an image), by union-find in two scans.
 *
 * @param data not zero inside the mask.
 * @throws ShapeError where data and size disagree.
 */
export function labelComponents(data: ArrayLike<number>, size: Vector3, connectivity: Connectivity): Components {
  const [nx, ny, nz] = size;
  if (data.length !== voxelCount(size)) {
    throw new ShapeError(`${data.length} voxels were given for a size of ${size.join(' x ')}.`);
  }
  const neighbours = earlierNeighbours(connectivity);
  const shifts = Int32Array.from(neighbours, ([x, y, z]) => x + nx * (y + ny * z));
  const labels = new Int32Array(data.length);
  // Provisional labels; there can be no more than there are voxels, and nearly always far fewer.
  let parent = new Int32Array(1024);
  let used = 0;
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        if (data[i] === 0) continue;
        let label = 0;
        for (let k = 0; k < shifts.length; k++) {
          const [dx, dy, dz] = neighbours[k]!;
          if (x + dx < 0 || x + dx >= nx || y + dy < 0 || y + dy >= ny || z + dz < 0) continue;
          const other = labels[i + shifts[k]!]!;
          if (other === 0 || other === label) continue;
          if (label === 0) {
            label = find(parent, other);
            continue;
          }
          const root = find(parent, other);
          if (root < label) {
            parent[label] = root;
            label = root;
          } else {
            parent[root] = label;
          }
        }
        if (label === 0) {
          label = ++used;
          if (label >= parent.length) {
            const grown = new Int32Array(parent.length * 2);
            grown.set(parent);
            parent = grown;
          }
          parent[label] = label;
        }
        labels[i] = label;
      }
    }
  }
  return renumber(labels, parent, used);
}

// A root is the smallest provisional label of its component, so roots appear in scan order.
function renumber(labels: Int32Array, parent: Int32Array, used: number): Components {
  const number = new Int32Array(used + 1);
  let count = 0;
  for (let label = 1; label <= used; label++) {
    const root = find(parent, label);
    number[label] = root === label ? ++count : number[root]!;
  }
  const sizes = new Int32Array(count + 1);
  for (let i = 0; i < labels.length; i++) {
    const label = number[labels[i]!]!;
    labels[i] = label;
    sizes[label]!++;
  }
  return { labels, count, sizes };
}

/** Connected components of a mask as a label image, numbered in raster order. */
export function components2d(mask: Mask2D, connectivity: 4 | 8 = 4): LabelImage & { readonly sizes: Int32Array } {
  const { labels, sizes } = labelComponents(mask.data, [mask.width, mask.height, 1], connectivity);
  return { width: mask.width, height: mask.height, data: labels, sizes };
}

function keep(components: Components, kept: (size: number, label: number) => boolean): Uint8Array {
  const take = Uint8Array.from(components.sizes, (size, label) => (label > 0 && kept(size, label) ? 1 : 0));
  const { labels } = components;
  // A loop: from() with a function takes longer than the components themselves.
  const data = new Uint8Array(labels.length);
  for (let i = 0; i < data.length; i++) data[i] = take[labels[i]!]!;
  return data;
}

function largestLabel(sizes: Int32Array): number {
  let best = 0;
  for (let label = 1; label < sizes.length; label++) if (best === 0 || sizes[label]! > sizes[best]!) best = label;
  return best;
}

/** The largest component of a mask, the first in raster order among equals; an empty mask stays empty. */
export function largestComponent(mask: Mask2D, connectivity: 4 | 8 = 8): Mask2D {
  const components = labelComponents(mask.data, [mask.width, mask.height, 1], connectivity);
  const best = largestLabel(components.sizes);
  return { width: mask.width, height: mask.height, data: keep(components, (_size, label) => label === best) };
}

/** The largest component of a 3D mask of size [x, y, z], the first met among equals. */
export function largestComponent3d(data: ArrayLike<number>, size: Vector3, connectivity: 6 | 18 | 26 = 26): Uint8Array {
  const components = labelComponents(data, size, connectivity);
  const best = largestLabel(components.sizes);
  return keep(components, (_size, label) => label === best);
}

/** The components of at least `minimumArea` pixels. */
export function pruneComponents(mask: Mask2D, minimumArea: number, connectivity: 4 | 8 = 4): Mask2D {
  const components = labelComponents(mask.data, [mask.width, mask.height, 1], connectivity);
  return { width: mask.width, height: mask.height, data: keep(components, (size) => size >= minimumArea) };
}
