/**
 * For each voxel the squared distance to the nearest marked voxel, exact; Infinity where none is marked.
 *
 * One pass an axis over lower envelopes of parabolas. Source: Felzenszwalb and Huttenlocher, Distance Transforms of
 * Sampled Functions, Theory of Computing 8, 2012.
 * @param marked 1 at the voxels to measure from, x fastest.
 * @param size voxels along x, y, z. @param spacing their distances.
 */
export function squaredDistance(
  marked: Uint8Array,
  size: readonly [number, number, number],
  spacing: readonly [number, number, number],
): Float64Array {
  const field = Float64Array.from(marked, (value) => (value === 1 ? 0 : Number.POSITIVE_INFINITY));
  const strides = [1, size[0], size[0] * size[1]];
  for (let axis = 0; axis < 3; axis++) {
    const extent = size[axis]!;
    if (extent === 1) continue;
    const stride = strides[axis]!;
    const line = new Float64Array(extent);
    const pass = envelope(extent, spacing[axis]!);
    for (let start = 0; start < field.length; start++) {
      // A line starts where the coordinate on this axis is 0.
      if (Math.floor(start / stride) % extent !== 0) continue;
      for (let i = 0; i < extent; i++) line[i] = field[start + i * stride]!;
      pass(line, (i, value) => {
        field[start + i * stride] = value;
      });
    }
  }
  return field;
}

/** The minimum over j of line[j] + (spacing (i - j))^2 for each i, by the lower envelope of the parabolas. */
function envelope(
  extent: number,
  spacing: number,
): (line: Float64Array, write: (i: number, value: number) => void) => void {
  const apex = new Int32Array(extent);
  const from = new Float64Array(extent + 1);
  return (line, write) => {
    let top = -1;
    for (let j = 0; j < extent; j++) {
      if (line[j] === Number.POSITIVE_INFINITY) continue;
      const meets = (k: number): number => {
        const rise = (line[j]! - line[k]!) / (spacing * spacing);
        return (rise + j * j - k * k) / (2 * (j - k));
      };
      while (top >= 0 && meets(apex[top]!) <= from[top]!) top--;
      top++;
      apex[top] = j;
      from[top] = top === 0 ? Number.NEGATIVE_INFINITY : meets(apex[top - 1]!);
    }
    if (top < 0) return;
    let k = 0;
    for (let i = 0; i < extent; i++) {
      while (k < top && from[k + 1]! < i) k++;
      const offset = spacing * (i - apex[k]!);
      write(i, line[apex[k]!]! + offset * offset);
    }
  };
}
