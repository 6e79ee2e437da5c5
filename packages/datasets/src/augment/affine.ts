import type { Augmentation } from './parameters.js';

/** Rows of a 2x3 matrix that maps (x, y, 1). */
export type AffineMatrix = readonly [number, number, number, number, number, number];

type Matrix = readonly number[];

function product(a: Matrix, b: Matrix): Matrix {
  return Array.from({ length: 9 }, (_unused, k) => {
    const row = 3 * Math.floor(k / 3);
    const column = k % 3;
    return a[row]! * b[column]! + a[row + 1]! * b[column + 3]! + a[row + 2]! * b[column + 6]!;
  });
}

/**
 * Where a transform takes the pixel (x, y): rotation about the centre, shift, shear about the corner, zoom about the
 * centre, in this order (datasets section 8.8).
 *
 * @returns numbers of single precision, rounded once as in the published program: the last bit decides on which side of a
 * 32nd of a pixel positions fall.
 */
export function affineMatrix(
  { rotation, shift, shear, zoom }: Pick<Augmentation, 'rotation' | 'shift' | 'shear' | 'zoom'>,
  width: number,
  height: number,
): AffineMatrix {
  const [cx, cy] = [width / 2, Math.floor(height / 2)];
  const angle = (rotation * Math.PI) / 180;
  const [a, b] = [Math.cos(angle), Math.sin(angle)];
  const phi = (shear * Math.PI) / 180;
  const rotate = [a, b, (1 - a) * cx - b * cy, -b, a, b * cx + (1 - a) * cy, 0, 0, 1];
  const translate = [1, 0, shift[0], 0, 1, shift[1], 0, 0, 1];
  const slant = [1, -Math.sin(phi), 0, 0, Math.cos(phi), 0, 0, 0, 1];
  const scale = [zoom, 0, (1 - zoom) * cx, 0, zoom, (1 - zoom) * cy, 0, 0, 1];
  const m = product(product(product(scale, slant), translate), rotate).map(Math.fround);
  return [m[0]!, m[1]!, m[2]!, m[3]!, m[4]!, m[5]!];
}

const roundEven = (value: number): number => {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest < 0.5 ? floor : rest > 0.5 ? floor + 1 : floor % 2 === 0 ? floor : floor + 1;
};

/** Source positions of every pixel in steps of 1/32: integer part and 32nds, as OpenCV's warpAffine takes them. */
interface WarpPositions {
  readonly x: Int32Array;
  readonly y: Int32Array;
}

/** Positions in 32nds of a pixel from which each pixel of the result is read. */
export function warpPositions(matrix: AffineMatrix, width: number, height: number): WarpPositions {
  const [m0, m1, m2, m3, m4, m5] = matrix;
  const d = 1 / (m0 * m4 - m1 * m3);
  const [i0, i1, i3, i4] = [m4 * d, -m1 * d, -m3 * d, m0 * d];
  const [i2, i5] = [-i0 * m2 - i1 * m5, -i3 * m2 - i4 * m5];
  const x = new Int32Array(width * height);
  const y = new Int32Array(width * height);
  // Fixed point with 10 bits, of which 5 are dropped after half a step was added.
  const stepX = Int32Array.from({ length: width }, (_unused, column) => roundEven(i0 * column * 1024));
  const stepY = Int32Array.from({ length: width }, (_unused, column) => roundEven(i3 * column * 1024));
  for (let row = 0, i = 0; row < height; row++) {
    const startX = roundEven((i1 * row + i2) * 1024) + 16;
    const startY = roundEven((i4 * row + i5) * 1024) + 16;
    for (let column = 0; column < width; column++, i++) {
      x[i] = (startX + stepX[column]!) >> 5;
      y[i] = (startY + stepY[column]!) >> 5;
    }
  }
  return { x, y };
}

/** Reads a channel [y, x] at the positions of {@link warpPositions}, bilinear, 0 outside. */
export function warp(
  data: ArrayLike<number>,
  { x, y }: WarpPositions,
  width: number,
  height: number,
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(width * height);
  for (let i = 0; i < result.length; i++) {
    const [left, top] = [x[i]! >> 5, y[i]! >> 5];
    if (left < -1 || top < -1 || left >= width || top >= height) continue;
    const [u, v] = [(x[i]! & 31) / 32, (y[i]! & 31) / 32];
    const start = top * width + left;
    const [inLeft, inRight, inTop, inBottom] = [left >= 0, left + 1 < width, top >= 0, top + 1 < height];
    const a = inTop && inLeft ? data[start]! : 0;
    const b = inTop && inRight ? data[start + 1]! : 0;
    const c = inBottom && inLeft ? data[start + width]! : 0;
    const d = inBottom && inRight ? data[start + width + 1]! : 0;
    result[i] = (a * (1 - u) + b * u) * (1 - v) + (c * (1 - u) + d * u) * v;
  }
  return result;
}
