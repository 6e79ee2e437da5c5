import * as tf from '@tensorflow/tfjs';
import { checkTruth } from './check-truth.js';

/** Keeps the Dice of two empty maps defined. */
const epsilon = 1e-6;

/**
 * The optional bound loss of the published JAPC program (training section 10.1), off there by default: what all raters
 * are predicted to mark should be what all marked, and what any is predicted to mark what any did. Soft Dice of the
 * product of the raters' foreground probabilities and of one minus the product of their complements, averaged.
 * Where nothing is predicted and nothing is true the loss is 0.
 *
 * @param logits [R, H, W, 2], background first
 * @param truth [R, H, W]; 1 is foreground, anything else is not
 * @param names of the raters, for errors; numbers unless given
 * @throws ShapeError where the shapes do not fit; InputError for truth that is none of 0, 1 and 255.
 */
export function raterBoundLoss(logits: tf.Tensor4D, truth: tf.Tensor3D, names?: readonly string[]): tf.Scalar {
  checkTruth(logits, truth, names);
  return tf.tidy(() => {
    const raters = truth.shape[0];
    const foreground = tf.squeeze(tf.slice(tf.softmax(logits), [0, 0, 0, 1], [-1, -1, -1, 1]), [3]);
    const marked = tf.cast(tf.equal(truth, 1), 'float32');
    const predicted = bounds(foreground as tf.Tensor3D, raters);
    const target = bounds(marked as tf.Tensor3D, raters);
    const losses = [softDiceLoss(predicted.all, target.all), softDiceLoss(predicted.any, target.any)];
    return tf.div(tf.addN(losses), 2) as tf.Scalar;
  });
}

interface Bounds {
  /** What all mark, and what any does, [1, H, W]. */
  readonly all: tf.Tensor;
  readonly any: tf.Tensor;
}

function bounds(maps: tf.Tensor3D, raters: number): Bounds {
  const product = (values: tf.Tensor3D): tf.Tensor =>
    Array.from({ length: raters }, (_, rater) => tf.slice(values, [rater, 0, 0], [1, -1, -1])).reduce<tf.Tensor>(
      (found, one) => tf.mul(found, one),
      tf.scalar(1),
    );
  return { all: product(maps), any: tf.sub(1, product(tf.sub(1, maps))) };
}

function softDiceLoss(predicted: tf.Tensor, target: tf.Tensor): tf.Tensor {
  const shared = tf.sum(tf.mul(predicted, target));
  const total = tf.add(tf.sum(predicted), tf.sum(target));
  return tf.sub(1, tf.div(tf.add(tf.mul(shared, 2), epsilon), tf.add(total, epsilon)));
}
