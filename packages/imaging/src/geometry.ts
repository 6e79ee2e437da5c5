import { GeometryError, InputError, ShapeError } from '@fsmr/core/errors';
import type { ImageSource } from './png-read.js';

/** Three numbers for the axes x, y, z. */
export type Vector3 = readonly [number, number, number];

/** A 3x3 matrix, row by row. */
export type Matrix3 = readonly [number, number, number, number, number, number, number, number, number];

/**
 * Where the voxels of a volume lie. The voxel (i, j, k) sits at `origin + direction * (spacing * (i, j, k))` in
 * millimetres, in the world of NIfTI: x to the patient's right, y to the front, z to the head ("RAS+").
 * The columns of `direction` are unit vectors: the way each voxel axis runs in the world.
 */
export interface Grid {
  /** Voxels along x, y and z; x runs fastest in memory, so the array's shape in C order is [z, y, x]. */
  readonly size: Vector3;
  /** Millimetres between voxel centres along each voxel axis. */
  readonly spacing: Vector3;
  /** World position of the first voxel's centre, in millimetres. */
  readonly origin: Vector3;
  readonly direction: Matrix3;
  /** Set where a file does not say how it lies: origin and direction are then a convention, and written as unknown. */
  readonly unplaced?: true | undefined;
}

/** Voxel axes that run along the world's axes. */
export const identityDirection: Matrix3 = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** The number of voxels of a grid. */
export function voxelCount(size: Vector3): number {
  return size[0] * size[1] * size[2];
}

/** @throws ShapeError where so many values do not fill a volume of this size. */
export function checkVoxelCount(size: Vector3, length: number): void {
  if (voxelCount(size) !== length) {
    throw new ShapeError(`a volume of ${size.join(' x ')} has ${voxelCount(size)} voxels, but ${length} were given.`);
  }
}

/** World position in millimetres of a (fractional) voxel index. */
export function indexToWorld(grid: Grid, index: Vector3): Vector3 {
  const { origin, spacing, direction: d } = grid;
  const [x, y, z] = [index[0] * spacing[0], index[1] * spacing[1], index[2] * spacing[2]];
  return [
    origin[0] + d[0] * x + d[1] * y + d[2] * z,
    origin[1] + d[3] * x + d[4] * y + d[5] * z,
    origin[2] + d[6] * x + d[7] * y + d[8] * z,
  ];
}

/** The determinant of a 3x3 matrix. */
export function determinant(m: Matrix3): number {
  return m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) + m[2] * (m[3] * m[7] - m[4] * m[6]);
}

/** The inverse of a 3x3 matrix. @throws GeometryError where it has none. */
export function invert(m: Matrix3): Matrix3 {
  const det = determinant(m);
  if (!Number.isFinite(det) || Math.abs(det) < 1e-30) {
    throw new GeometryError('the voxel axes span no volume, their matrix is singular.');
  }
  const s = 1 / det;
  return [
    s * (m[4] * m[8] - m[5] * m[7]),
    s * (m[2] * m[7] - m[1] * m[8]),
    s * (m[1] * m[5] - m[2] * m[4]),
    s * (m[5] * m[6] - m[3] * m[8]),
    s * (m[0] * m[8] - m[2] * m[6]),
    s * (m[2] * m[3] - m[0] * m[5]),
    s * (m[3] * m[7] - m[4] * m[6]),
    s * (m[1] * m[6] - m[0] * m[7]),
    s * (m[0] * m[4] - m[1] * m[3]),
  ];
}

/** The columns of `direction` scaled by the spacing: voxel steps in millimetres. */
export function stepMatrix(grid: Grid): Matrix3 {
  const { spacing: s, direction: d } = grid;
  return [
    d[0] * s[0],
    d[1] * s[1],
    d[2] * s[2],
    d[3] * s[0],
    d[4] * s[1],
    d[5] * s[2],
    d[6] * s[0],
    d[7] * s[1],
    d[8] * s[2],
  ];
}

/** The (fractional) voxel index of a world position in millimetres. @throws GeometryError for a singular grid. */
export function worldToIndex(grid: Grid, position: Vector3): Vector3 {
  const m = invert(stepMatrix(grid));
  const [x, y, z] = [position[0] - grid.origin[0], position[1] - grid.origin[1], position[2] - grid.origin[2]];
  return [m[0] * x + m[1] * y + m[2] * z, m[3] * x + m[4] * y + m[5] * z, m[6] * x + m[7] * y + m[8] * z];
}

/** Who is compared in {@link assertSameGeometry}, for the error's text. */
export interface GeometryParty {
  readonly file?: string | undefined;
  readonly rater?: string | undefined;
  /** The file that sets the geometry, normally the image. */
  readonly reference?: string | undefined;
}

const vectorText = (values: readonly number[]): string =>
  `[${values.map((value) => Number(value.toPrecision(6))).join(', ')}]`;

/**
 * Asserts that a volume lies on the grid of another one.
 *
 * @param expected the grid that counts, normally the image's.
 * @param actual the grid to check, normally a rater's mask.
 * @param party names for the error.
 * @param tolerance millimetres by which any corner of the volume may be away. When absent a tenth of the least spacing:
 *   no voxel is another one then, and what a quaternion in single precision loses far from the origin is allowed.
 * @throws GeometryError naming file, rater, and what was expected and found.
 */
export function assertSameGeometry(
  expected: Grid,
  actual: Grid,
  party: GeometryParty = {},
  tolerance = Math.min(...expected.spacing) / 10,
): void {
  const reference = party.reference === undefined ? 'the image' : party.reference;
  const fail = (what: string, want: readonly number[], found: readonly number[]): never => {
    throw new GeometryError(`${what} is ${vectorText(found)}, but ${reference} has ${vectorText(want)}.`, {
      file: party.file,
      rater: party.rater,
      remedy: 'Resample the mask onto the grid of its image, or check that it belongs to this image.',
    });
  };
  if (expected.size.some((extent, axis) => extent !== actual.size[axis])) fail('size', expected.size, actual.size);
  const [nx, ny, nz] = expected.size;
  const distance = (a: Vector3, b: Vector3): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
  const far = (a: Vector3, b: Vector3): boolean => !(distance(a, b) <= tolerance);
  for (const corner of [
    [0, 0, 0],
    [nx - 1, 0, 0],
    [0, ny - 1, 0],
    [0, 0, nz - 1],
  ] as Vector3[]) {
    if (!far(indexToWorld(expected, corner), indexToWorld(actual, corner))) continue;
    if (far(expected.origin, actual.origin)) fail('origin', expected.origin, actual.origin);
    if (
      expected.spacing.some((s, axis) => Math.abs(s - actual.spacing[axis]!) * (expected.size[axis]! - 1) > tolerance)
    ) {
      fail('spacing', expected.spacing, actual.spacing);
    }
    fail('direction', expected.direction, actual.direction);
  }
}

/** Checks size, spacing and direction of a grid that comes from outside. @throws InputError naming file and rater. */
export function checkGrid(grid: Grid, source: ImageSource = {}): void {
  const place = {
    ...source,
    remedy: 'Write the file again with a valid header: sizes, spacings, origin and directions.',
  };
  if (grid.size.some((extent) => !Number.isSafeInteger(extent) || extent < 1)) {
    throw new InputError(`sizes must be positive integers, found ${vectorText(grid.size)}.`, place);
  }
  if (grid.spacing.some((s) => !(s > 0 && s < 1e9))) {
    throw new InputError(`voxel spacings must be positive, found ${vectorText(grid.spacing)}.`, place);
  }
  if (grid.origin.some((value) => !Number.isFinite(value)) || !(Math.abs(determinant(grid.direction)) > 1e-6)) {
    throw new InputError('origin or direction of the volume cannot be understood.', place);
  }
}
