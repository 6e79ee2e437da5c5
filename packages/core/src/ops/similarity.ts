import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../errors.js';
import { differentiable } from './differentiable.js';
import { rightOperand } from './right-operand.js';

/** Euclidean norms along the last axis, at least `eps`; no gradient where the clamp holds. */
function clampedNorm(x: tf.Tensor, eps: number): tf.Tensor {
  // Clamped before the root, whose slope at 0 is infinite.
  return tf.sqrt(tf.maximum(tf.sum(tf.square(x), -1, true), eps * eps));
}

/**
 * Vectors along the last axis over their norm, or over `eps` where the norm is smaller. The gradient is in closed form,
 * since features are large and every step of the chain rule walks over them.
 *
 * @param x [..., C]
 */
export function safeNormalize(x: tf.Tensor, eps = 1e-4): tf.Tensor {
  const [unit] = differentiable({
    inputs: { x },
    forward: (save) => {
      const norm = clampedNorm(x, eps);
      const result = tf.div(x, norm);
      save([result, norm]);
      return [result];
    },
    backward: ([dy], [result, norm]) => ({
      x: () => {
        // Nothing along the vector itself, unless its norm was clamped.
        const free = tf.cast(tf.greater(norm!, eps), 'float32');
        const along = tf.mul(tf.sum(tf.mul(dy!, result!), -1, true), free);
        return tf.div(tf.sub(dy!, tf.mul(result!, along)), norm!);
      },
    }),
  });
  return unit!;
}

/**
 * The cosine between every feature and every prototype, each norm clamped at `eps` on its own as PyTorch 1.13 does
 * (later versions clamp the product).
 *
 * @param features [..., C]
 * @param prototypes [N, C]
 * @returns [..., N], between -1 and 1
 * @throws ShapeError where the channels differ.
 */
export function cosineSimilarity(features: tf.Tensor, prototypes: tf.Tensor2D, eps: number): tf.Tensor {
  const channels = features.shape[features.rank - 1]!;
  if (prototypes.shape[1] !== channels) {
    throw new ShapeError(`features [${features.shape}] and prototypes [${prototypes.shape}] differ in channels.`);
  }
  return tf.tidy(() => {
    const rows = tf.reshape(features, [-1, channels]);
    // The features are large and the prototypes few: dividing the products spares a normalised copy of the features.
    const products = tf.matMul(rows, safeNormalize(prototypes, eps), false, true);
    const cosines = tf.div(products, clampedNorm(rows, eps));
    return tf.reshape(cosines, [...features.shape.slice(0, -1), prototypes.shape[0]]);
  });
}

/**
 * The mean feature under each mask: `sum(features mask) / (sum(mask) + eps)`.
 *
 * @param features [B, h, w, C], or [1, h, w, C] shared by all masks
 * @param masks [B, h, w], weights of any size
 * @returns [B, C]; zeros under an empty mask
 * @throws ShapeError where the grids or batches do not fit.
 */
export function maskedAveragePool(features: tf.Tensor4D, masks: tf.Tensor3D, eps = 1e-5): tf.Tensor2D {
  const [batch, height, width, channels] = features.shape;
  const [count, maskHeight, maskWidth] = masks.shape;
  if (height !== maskHeight || width !== maskWidth || (batch !== 1 && batch !== count)) {
    throw new ShapeError(`masks [${masks.shape}] do not lie on features [${features.shape}].`);
  }
  return tf.tidy(() => {
    const flat = tf.reshape(masks, [count, height * width]);
    const right = rightOperand(features);
    const sums =
      batch === 1
        ? tf.matMul(flat, tf.reshape(right, [height * width, channels]))
        : tf.squeeze(tf.matMul(tf.expandDims(flat, 1), tf.reshape(right, [batch, height * width, channels])), [1]);
    return tf.div(sums, tf.add(tf.sum(flat, 1, true), eps)) as tf.Tensor2D;
  });
}
