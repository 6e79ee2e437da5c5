import * as tf from '@tensorflow/tfjs';

/** Lengths of rows [M, 1]; the floor keeps the gradient of a zero row finite and is far below any real feature. */
function lengths(rows: tf.Tensor2D): tf.Tensor2D {
  return tf.sqrt(tf.maximum(tf.sum(tf.square(rows), 1, true), 1e-24)) as tf.Tensor2D;
}

/**
 * Support features to which every position adds a mean over all positions, weighted by how similar it is to the query
 * there (DSPNet, foreground semantic prototype attention).
 *
 * The weights compare with the query, but the values averaged are the support's at the same place, as in the published
 * program; so both maps must share one grid.
 *
 * @param support [S, h, w, C]
 * @param query [1, h, w, C]
 * @returns [S, h * w, C]
 */
export function crossAttention(support: tf.Tensor4D, query: tf.Tensor4D): tf.Tensor3D {
  const [shots, height, width, channels] = support.shape;
  const positions = height * width;
  return tf.tidy(() => {
    const from = tf.reshape(support, [shots * positions, channels]) as tf.Tensor2D;
    const to = tf.reshape(query, [positions, channels]) as tf.Tensor2D;
    const norms = tf.add(tf.matMul(lengths(from), lengths(to), false, true), 1e-5);
    const weights = tf.softmax(tf.div(tf.matMul(from, to, false, true), norms));
    const values = tf.reshape(support, [shots, positions, channels]);
    const attended = tf.matMul(tf.reshape(weights, [shots, positions, positions]), values);
    return tf.add(attended, values) as tf.Tensor3D;
  });
}
