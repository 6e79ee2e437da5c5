import { checkVoxelCount, type Vector3 } from './geometry.js';
import type { Image2D, Mask2D } from './image.js';

/**
 * Squared distances along one line: the lower envelope of the parabolas that stand on each position
 * (Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions", 2012).
 */
function envelope(
  f: Float64Array,
  n: number,
  spacing: number,
  v: Int32Array,
  z: Float64Array,
  out: Float64Array,
): void {
  const s2 = spacing * spacing;
  let k = -1;
  for (let q = 0; q < n; q++) {
    const fq = f[q]!;
    if (fq === Number.POSITIVE_INFINITY) continue;
    let crossing = Number.NEGATIVE_INFINITY;
    while (k >= 0) {
      const p = v[k]!;
      crossing = (fq - f[p]!) / (2 * s2 * (q - p)) + (q + p) / 2;
      if (crossing > z[k]!) break;
      k--;
      crossing = Number.NEGATIVE_INFINITY;
    }
    k++;
    v[k] = q;
    z[k] = crossing;
  }
  if (k < 0) {
    out.fill(Number.POSITIVE_INFINITY, 0, n);
    return;
  }
  const last = k;
  k = 0;
  for (let q = 0; q < n; q++) {
    while (k < last && z[k + 1]! < q) k++;
    const step = q - v[k]!;
    out[q] = step * step * s2 + f[v[k]!]!;
  }
}

/**
 * The exact Euclidean distance from every voxel inside a mask to the nearest voxel outside it, 0 outside. A mask
 * without outside gives Infinity.
 *
 * @param data not zero inside, size [x, y, z] with x fastest.
 * @param spacing distance between voxels along x, y, z; the result has its unit.
 * @throws ShapeError where data and size disagree.
 */
export function distanceTransform3d(
  data: ArrayLike<number>,
  size: Vector3,
  spacing: Vector3 = [1, 1, 1],
): Float64Array {
  checkVoxelCount(size, data.length);
  const result = new Float64Array(data.length);
  for (let i = 0; i < result.length; i++) result[i] = data[i] === 0 ? 0 : Number.POSITIVE_INFINITY;
  const longest = Math.max(...size);
  const line = new Float64Array(longest);
  const out = new Float64Array(longest);
  const v = new Int32Array(longest);
  const z = new Float64Array(longest);
  for (const axis of [0, 1, 2] as const) {
    const n = size[axis];
    if (n === 1) continue;
    const stride = axis === 0 ? 1 : axis === 1 ? size[0] : size[0] * size[1];
    for (let l = 0; l < result.length / n; l++) {
      const inner = l % stride;
      const start = inner + (l - inner) * n;
      for (let i = 0; i < n; i++) line[i] = result[start + i * stride]!;
      envelope(line, n, spacing[axis], v, z, out);
      for (let i = 0; i < n; i++) result[start + i * stride] = out[i]!;
    }
  }
  for (let i = 0; i < result.length; i++) result[i] = Math.sqrt(result[i]!);
  return result;
}

/** The exact Euclidean distance of each pixel inside a mask to the nearest pixel outside, in units of the spacing. */
export function distanceTransform(mask: Mask2D, spacing: readonly [number, number] = [1, 1]): Image2D {
  const { width, height } = mask;
  const data = new Float32Array(distanceTransform3d(mask.data, [width, height, 1], [spacing[0], spacing[1], 1]));
  return { width, height, data };
}
