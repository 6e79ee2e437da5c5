/**
 * The matrices of minimal filtering F(m x m, 3x3), which take pixels, kernels and results of a tile to (m + 2)^2 places
 * and back.
 *
 * On one axis, a tile's m results are the product of two polynomials (Toom and Cook): they are known at m + 1 points and at
 * infinity, where one multiplication does, and interpolated. Source: Lavin and Gray, CVPR 2016; Barabasz and others, Error
 * Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks, 2020, on the choice of points.
 */
import type { Feed } from '../runtime/binding.js';
import { feed } from '../runtime/session.js';

/** Matrices from pixels, kernels or results of a tile, and to them. */
export interface MinimalFilter {
  /** Output pixels of a tile on one axis. */
  readonly tile: number;
  /** Places on both axes. */
  readonly places: number;
  /** Input pixels to places. */
  readonly input: Feed;
  /** Kernels to places, and those turned by half a turn. */
  readonly kernel: Feed;
  readonly flippedKernel: Feed;
  /** Places to output pixels. */
  readonly output: Feed;
  /** The adjoints of `output` and `kernel`. */
  readonly outputGradient: Feed;
  readonly kernelGradient: Feed;
}

type Matrix = readonly (readonly number[])[];

const transposed = (matrix: Matrix): Matrix =>
  (matrix[0] as readonly number[]).map((_, column) => matrix.map((row) => row[column] as number));

/** The same on both axes, as one matrix: Kronecker's product with itself. */
function onBothAxes(axis: Matrix): Feed {
  const values = axis.flatMap((rowA) => axis.flatMap((rowB) => rowA.flatMap((a) => rowB.map((b) => a * b))));
  return feed(Float32Array.from(values), [axis.length ** 2, (axis[0] as readonly number[]).length ** 2]);
}

/** Coefficients, lowest first, of the polynomial that has these zeros. */
function polynomial(zeros: readonly number[]): number[] {
  let known = [1];
  for (const zero of zeros) {
    known = Array.from(
      { length: known.length + 1 },
      (_, power) => (known[power - 1] ?? 0) - zero * (known[power] ?? 0),
    );
  }
  return known;
}

/** The filter whose tiles are as many pixels wide as there are points, less one. */
function filterAt(points: readonly number[]): MinimalFilter {
  const tile = points.length - 1;
  const others = points.map((point) => points.filter((other) => other !== point));
  const powers = (point: number, count: number) => Array.from({ length: count }, (_, power) => point ** power);
  const atInfinity = (count: number) => Array.from({ length: count }, (_, power) => (power === count - 1 ? 1 : 0));
  const kernel: Matrix = [
    ...points.map((point, index) => {
      const scale = (others[index] as number[]).reduce((product, other) => product * (point - other), 1);
      return powers(point, 3).map((power) => power / scale);
    }),
    atInfinity(3),
  ];
  const input: Matrix = [...others.map((zeros) => [...polynomial(zeros), 0]), polynomial(points)];
  const output = transposed([...points.map((point) => powers(point, tile)), atInfinity(tile)]);
  return {
    tile,
    places: (tile + 2) ** 2,
    input: onBothAxes(input),
    kernel: onBothAxes(kernel),
    flippedKernel: onBothAxes(kernel.map((row) => [...row].reverse())),
    output: onBothAxes(output),
    outputGradient: onBothAxes(transposed(output)),
    kernelGradient: onBothAxes(transposed(kernel)),
  };
}

/** Tiles of 2x2 pixels, 4 multiplications a pixel: nothing but 0, 1 and 1/2, and errors twice those of the direct sum. */
export const smallTiles = filterAt([0, 1, -1]);

/**
 * Tiles of 4x4 pixels, 2.25 multiplications a pixel. These points keep errors at a quarter of those at the usual points 1 and 2:
 * three times those of the small tiles.
 */
export const largeTiles = filterAt([0, Math.SQRT1_2, -Math.SQRT1_2, Math.SQRT2, -Math.SQRT2]);
