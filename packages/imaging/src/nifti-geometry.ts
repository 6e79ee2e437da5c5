import { type Grid, identityDirection, type Matrix3, type Vector3 } from './geometry.js';

/** The fields of a header that say where the voxels lie. */
export interface NiftiPlacement {
  /** pixdim[0..3]; the first is the sign of the third axis for the quaternion form. */
  readonly pixdim: readonly [number, number, number, number];
  readonly qformCode: number;
  readonly quaternion: readonly [number, number, number];
  readonly qoffset: Vector3;
  readonly sformCode: number;
  /** Three rows of four. */
  readonly sform: readonly number[];
}

function quaternionDirection(placement: NiftiPlacement): Matrix3 {
  let [b, c, d] = placement.quaternion as [number, number, number];
  let a = 1 - (b * b + c * c + d * d);
  if (a < 1e-7) {
    // Rounding may push the three beyond unit length: then a rotation by 180 degrees is meant.
    const s = 1 / Math.sqrt(b * b + c * c + d * d);
    [a, b, c, d] = [0, b * s, c * s, d * s];
  } else {
    a = Math.sqrt(a);
  }
  const handed = placement.pixdim[0] < 0 ? -1 : 1;
  return [
    a * a + b * b - c * c - d * d,
    2 * (b * c - a * d),
    2 * (b * d + a * c) * handed,
    2 * (b * c + a * d),
    a * a + c * c - b * b - d * d,
    2 * (c * d - a * b) * handed,
    2 * (b * d - a * c),
    2 * (c * d + a * b),
    (a * a + d * d - c * c - b * b) * handed,
  ];
}

/**
 * The grid a header describes: its sform, else its qform, else the spacings alone, which is no placement: readers differ
 * in what they take it for, so it must stay as it is for results to lie on the image.
 *
 * With an sform, spacings are the header's where they agree with the columns' lengths within 1e-4, because the columns
 * are rounded to single precision; NIfTI-1 standard, "3D image orientation and location in space".
 *
 * @param scale millimetres per unit of the file.
 */
export function gridOfPlacement(size: Vector3, placement: NiftiPlacement, scale: number): Grid {
  const spacing = [1, 2, 3].map((axis) => Math.abs(placement.pixdim[axis]!) || 1) as [number, number, number];
  const scaled = (values: Vector3): Vector3 => [values[0] * scale, values[1] * scale, values[2] * scale];
  if (placement.sformCode > 0) {
    const m = placement.sform as number[];
    const norms = [0, 1, 2].map((axis) => Math.hypot(m[axis]!, m[axis + 4]!, m[axis + 8]!)) as [number, number, number];
    const direction = [0, 1, 2].flatMap((row) =>
      [0, 1, 2].map((axis) => m[row * 4 + axis]! / norms[axis]! || 0),
    ) as unknown as Matrix3;
    const agreed = norms.map((norm, axis) =>
      Math.abs(norm - spacing[axis]!) <= 1e-4 * norm ? spacing[axis]! : norm,
    ) as unknown as Vector3;
    return { size, spacing: scaled(agreed), origin: scaled([m[3]!, m[7]!, m[11]!]), direction };
  }
  if (placement.qformCode > 0) {
    const direction = quaternionDirection(placement);
    return { size, spacing: scaled(spacing), origin: scaled(placement.qoffset), direction };
  }
  return { size, spacing: scaled(spacing), origin: [0, 0, 0], direction: identityDirection, unplaced: true };
}

/**
 * The quaternion of a direction matrix and the sign of its third axis, as a header keeps them.
 * Undefined where the axes are not perpendicular: then only an sform can say it.
 */
export function quaternionOf(direction: Matrix3): { quaternion: Vector3; handed: 1 | -1 } | undefined {
  const columns = [0, 1, 2].map((axis) => [direction[axis]!, direction[axis + 3]!, direction[axis + 6]!]);
  const dot = (a: number, b: number): number => columns[a]!.reduce((sum, v, i) => sum + v * columns[b]![i]!, 0);
  if (Math.max(Math.abs(dot(0, 1)), Math.abs(dot(0, 2)), Math.abs(dot(1, 2))) > 1e-4) return undefined;
  const d = direction;
  const det =
    d[0] * (d[4] * d[8] - d[5] * d[7]) - d[1] * (d[3] * d[8] - d[5] * d[6]) + d[2] * (d[3] * d[7] - d[4] * d[6]);
  const handed = det < 0 ? -1 : 1;
  const [xx, xy, xz, yx, yy, yz, zx, zy, zz] = [
    d[0],
    d[1],
    d[2] * handed,
    d[3],
    d[4],
    d[5] * handed,
    d[6],
    d[7],
    d[8] * handed,
  ];
  // Each candidate is four times a squared component; dividing by the largest keeps precision.
  const squares = [1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz];
  const largest = squares.indexOf(Math.max(...squares));
  const s = Math.sqrt(squares[largest]!) * 2;
  const all: readonly (readonly [number, number, number, number])[] = [
    [s / 4, (zy - yz) / s, (xz - zx) / s, (yx - xy) / s],
    [(zy - yz) / s, s / 4, (xy + yx) / s, (xz + zx) / s],
    [(xz - zx) / s, (xy + yx) / s, s / 4, (yz + zy) / s],
    [(yx - xy) / s, (xz + zx) / s, (yz + zy) / s, s / 4],
  ];
  const [a, b, c, e] = all[largest]!;
  const sign = a < 0 ? -1 : 1;
  return { quaternion: [sign * b, sign * c, sign * e], handed };
}
