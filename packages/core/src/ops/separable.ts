import * as tf from '@tensorflow/tfjs';
import { rightOperand } from './right-operand.js';

/** A matrix as a list of rows of plain numbers. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** The matrix with rows and columns exchanged. */
export function transposed({ rows, columns, values }: Matrix): Matrix {
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = values[row * columns + column]!;
  }
  return { rows: columns, columns: rows, values: result };
}

/**
 * Applies one matrix along the rows and one along the columns of every image: linear resizing and pooling are of this
 * form, and as products their gradient is the transposed product on every backend.
 *
 * @param x [B, H, W, C]
 * @param vertical [h, H], or undefined to leave the rows alone
 * @param horizontal [w, W], or undefined to leave the columns alone
 * @returns [B, h, w, C]
 */
export function separable(x: tf.Tensor4D, vertical?: Matrix, horizontal?: Matrix): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const along = (batches: number, matrix: Matrix, inner: number, columns: number, values: tf.Tensor): tf.Tensor => {
    const left = tf.tensor2d(matrix.values, [matrix.rows, matrix.columns]);
    const right = rightOperand(values);
    if (batches === 1) return tf.matMul(left, tf.reshape(right, [inner, columns]));
    return tf.matMul(tf.expandDims(left, 0), tf.reshape(right, [batches, inner, columns]));
  };
  return tf.tidy(() => {
    const outHeight = vertical?.rows ?? height;
    const rows = vertical === undefined ? x : along(batch, vertical, height, width * channels, x);
    if (horizontal === undefined) return tf.reshape(rows, [batch, outHeight, width, channels]);
    const both = along(batch * outHeight, horizontal, width, channels, rows);
    return tf.reshape(both, [batch, outHeight, horizontal.rows, channels]);
  });
}
