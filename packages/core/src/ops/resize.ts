import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../errors.js';
import { type Matrix, separable, transposed } from './separable.js';

/** Whether the centres of the corner cells of both grids coincide (PyTorch's `align_corners`). */
export interface ResizeOptions {
  readonly alignCorners: boolean;
}

/** The weights of bilinear interpolation from `input` to `output` cells along one axis; undefined for no change. */
export function interpolationMatrix(
  input: number,
  output: number,
  { alignCorners }: ResizeOptions,
): Matrix | undefined {
  if (input === output) return undefined;
  const values = new Float32Array(output * input);
  const scale = alignCorners ? (output > 1 ? (input - 1) / (output - 1) : 0) : input / output;
  for (let row = 0; row < output; row++) {
    const source = alignCorners ? row * scale : Math.max((row + 0.5) * scale - 0.5, 0);
    const lower = Math.min(Math.floor(source), input - 1);
    const upper = Math.min(lower + 1, input - 1);
    const weight = source - lower;
    values[row * input + lower]! += 1 - weight;
    values[row * input + upper]! += weight;
  }
  return { rows: output, columns: input, values };
}

/**
 * Bilinear resizing exactly as `torch.nn.functional.interpolate` without antialias: two sampled neighbours an axis,
 * whatever the factor.
 *
 * @param x [B, H, W, C]
 * @param size rows and columns of the result
 * @returns [B, ...size, C]
 * @throws ShapeError for a size below one pixel.
 */
export function resizeBilinear(x: tf.Tensor4D, size: readonly [number, number], options: ResizeOptions): tf.Tensor4D {
  const [, height, width] = x.shape;
  if (Math.min(height, width) < 1 || !size.every((extent) => Number.isInteger(extent) && extent >= 1)) {
    throw new ShapeError(`images [${x.shape}] cannot be resized to ${size.join(' x ')}.`);
  }
  return separable(x, interpolationMatrix(height, size[0], options), interpolationMatrix(width, size[1], options));
}

/** For each cell of an axis: the two cells it is sampled from, and how much each counts, in single precision. */
function samples(input: number, output: number): { cells: [number, number]; weights: [number, number] }[] {
  const scale = Math.fround(input / output);
  return Array.from({ length: output }, (_, cell) => {
    const source = Math.max(0, scale * (cell + 0.5) - 0.5);
    const lower = Math.min(Math.floor(source), input - 1);
    const weight = Math.fround(source - lower);
    return { cells: [lower, Math.min(lower + 1, input - 1)], weights: [Math.fround(1 - weight), weight] };
  });
}

/**
 * Bilinear resizing (align_corners false) of single planes, to the last bit as `torch.nn.functional.interpolate` of torch 1.13
 * has it on the CPU for images of one channel [S, 1, H, W]: four weights in single precision, one sum, rounded once. For
 * masks, where a last bit may decide; other layouts and versions of torch round otherwise.
 *
 * @param values [S, H, W] row by row
 * @returns [S, h, w] row by row
 */
export function sampledBilinear(
  values: Float32Array,
  [count, height, width]: readonly [number, number, number],
  size: readonly [number, number],
): Float32Array {
  const { fround } = Math;
  const [rows, columns] = [samples(height, size[0]), samples(width, size[1])];
  const result = new Float32Array(count * size[0] * size[1]);
  let at = 0;
  for (let image = 0; image < count; image++) {
    for (const row of rows) {
      const [above, below] = row.cells.map((y) => (image * height + y) * width) as [number, number];
      for (const column of columns) {
        const [left, right] = column.cells;
        result[at++] =
          values[above + left]! * fround(row.weights[0] * column.weights[0]) +
          values[above + right]! * fround(row.weights[0] * column.weights[1]) +
          values[below + left]! * fround(row.weights[1] * column.weights[0]) +
          values[below + right]! * fround(row.weights[1] * column.weights[1]);
      }
    }
  }
  return result;
}

/**
 * The transpose of resizing from `size` to the masks' own size. The sum of an upsampled feature map under a mask is
 * the sum of the small map under the transposed mask, so upsampled features need never exist.
 *
 * @param masks [R, H, W] at full resolution
 * @param size rows and columns of the feature map that would have been resized to H by W
 * @returns [R, ...size]
 */
export function resizeBilinearTranspose(
  masks: tf.Tensor3D,
  size: readonly [number, number],
  options: ResizeOptions,
): tf.Tensor3D {
  const [raters, height, width] = masks.shape;
  const back = (small: number, large: number): Matrix | undefined => {
    const matrix = interpolationMatrix(small, large, options);
    return matrix === undefined ? undefined : transposed(matrix);
  };
  return tf.tidy(() => {
    const small = separable(tf.expandDims(masks, 3) as tf.Tensor4D, back(size[0], height), back(size[1], width));
    return tf.reshape(small, [raters, ...size]);
  });
}
