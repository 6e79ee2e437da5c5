import { differentiable, type ParameterRecord } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/**
 * Generalised Dice loss of logits as D-Persona computes it: every channel pooled over the batch, weighted by the
 * inverse square of its target's size (which cancels within a channel unless a clamp acts), one minus the mean over
 * channels. A single channel brings its complement as a second.
 *
 * @param logits [B, H, W, C]
 * @param targets of the same shape, 0 or 1
 * @see Sudre et al., Generalised Dice overlap, DLMIA 2017; Wu et al., D-Persona, CVPR 2024.
 */
export function generalisedDiceLoss(logits: tf.Tensor4D, targets: tf.Tensor4D): tf.Scalar {
  return tf.tidy(() => {
    const channels = logits.shape[3];
    const columns = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [-1, channels]);
    let [p, t] = [columns(tf.sigmoid(logits)), columns(targets)];
    if (channels === 1) [p, t] = [tf.concat([p, tf.sub(1, p)], 1), tf.concat([t, tf.sub(1, t)], 1)];
    const size = tf.sum(t, 0);
    const weights = tf.div(1, tf.maximum(tf.square(size), 1e-6));
    const shared = tf.mul(weights, tf.sum(tf.mul(p, t), 0));
    const total = tf.maximum(tf.mul(weights, tf.add(tf.sum(p, 0), size)), 1e-6);
    return tf.sub(1, tf.mean(tf.div(tf.mul(shared, 2), total))) as tf.Scalar;
  });
}

/**
 * What any and what all raters marked: maximum and minimum over the last axis.
 *
 * @param maps masks of raters or logits of samples [B, H, W, N]
 * @returns [B, H, W, 2]
 */
export function bounds(maps: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => tf.stack([tf.max(maps, 3), tf.min(maps, 3)], 3) as tf.Tensor4D);
}

/**
 * Keeps samples of the prior between what all and what any raters marked: generalised Dice of the samples' extremes
 * against the masks'.
 *
 * @param samples logits [B, H, W, S]
 * @param masks [B, H, W, R], 0 or 1
 */
export function boundLoss(samples: tf.Tensor4D, masks: tf.Tensor4D): tf.Scalar {
  return tf.tidy(() => generalisedDiceLoss(bounds(samples), bounds(masks)));
}

/** The sum over parameters of their L2 norm, not squared. */
export function normSum(parameters: ParameterRecord): tf.Scalar {
  return tf.tidy(() => tf.addN(Object.values(parameters).map(l2Norm)) as tf.Scalar);
}

function l2Norm(x: tf.Tensor): tf.Scalar {
  const [norm] = differentiable({
    inputs: { x },
    forward: (save) => {
      const length = tf.sqrt(tf.sum(tf.square(x)));
      save([x, length]);
      return [length];
    },
    // At zero the norm has no gradient; zero is taken, as PyTorch does.
    backward: ([dy], [saved, length]) => ({ x: () => tf.mul(saved!, tf.div(dy!, tf.maximum(length!, 1e-30))) }),
  });
  return norm as tf.Scalar;
}
