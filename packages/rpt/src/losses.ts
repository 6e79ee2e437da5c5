import { clampProbabilities, differentiable, maxPool2d, resizeBilinear } from '@fsmr/core';
import { foregroundProbability, imageMaskedMean, unitFeatures } from '@fsmr/qnet';
import * as tf from '@tensorflow/tfjs';

/** A mask grown by one pixel in all eight directions. [S, H, W] -> [S, H, W] */
export function dilate(masks: tf.Tensor3D): tf.Tensor3D {
  return tf.tidy(() => {
    const grown = maxPool2d(tf.expandDims(masks, 3) as tf.Tensor4D, { size: 3, stride: 1, padding: 1 });
    return tf.squeeze(grown, [3]) as tf.Tensor3D;
  });
}

/** One image with a mask, as the losses look at it. */
export interface MaskedImage {
  /** [1, h, w, C] */
  readonly features: tf.Tensor4D;
  /** [1, 1] */
  readonly threshold: tf.Tensor;
  /** [1, H, W], 0 or 1 */
  readonly mask: tf.Tensor3D;
}

/** The image segmented by a prototype of its own, resized to the mask (align_corners true). -> [1, H, W] */
function probability({ threshold, mask }: MaskedImage, unit: tf.Tensor4D, prototype: tf.Tensor2D): tf.Tensor3D {
  const [, height, width] = mask.shape;
  const small = tf.expandDims(tf.expandDims(foregroundProbability(unit, prototype, threshold), 0), 3);
  return tf.squeeze(resizeBilinear(small as tf.Tensor4D, [height, width], { alignCorners: true }), [3]);
}

/**
 * The mean over all pixels of minus the logarithm of what the right answer was given, clamped, without gradient where
 * the clamp holds. One map instead of one a class: there are but two, and maps are of the image's size.
 */
function likelihoodLoss(probabilities: tf.Tensor3D, labels: tf.Tensor3D): tf.Scalar {
  const [loss] = differentiable({
    inputs: { probabilities },
    forward: (save) => {
      // p where the label is 1, else 1 - p.
      const direction = tf.sub(tf.mul(labels, 2), 1);
      const answers = tf.add(tf.mul(probabilities, direction), tf.sub(1, labels));
      save([answers, direction]);
      return [tf.neg(tf.mean(tf.log(clampProbabilities(answers))))];
    },
    backward: ([dy], [answers, direction]) => ({
      probabilities: () => {
        const clamped = clampProbabilities(answers!);
        const counts = tf.cast(tf.equal(clamped, answers!), 'float32');
        const slopes = tf.div(tf.mul(direction!, counts), clamped);
        return tf.mul(slopes, tf.div(dy!, -answers!.size));
      },
    }),
  });
  return loss as tf.Scalar;
}

/**
 * The periphery loss (RPT): what the prototype of the dilated mask finds beyond the prototype of the mask should be the
 * ring between both. Plain negative log-likelihood; the difference may be negative and is clamped. The mask is a constant
 * here: as what is right it has no gradient.
 */
export function peripheryLoss(image: MaskedImage): tf.Scalar {
  return tf.tidy(() => {
    const grown = dilate(image.mask);
    const unit = unitFeatures(image.features);
    const inner = probability(image, unit, imageMaskedMean(image.features, image.mask));
    const outer = probability(image, unit, imageMaskedMean(image.features, grown));
    return likelihoodLoss(tf.sub(outer, inner), tf.sub(grown, image.mask));
  });
}

/** The query segmented by the prototype of its own true mask, a constant; plain negative log-likelihood (RPT). */
export function selfLoss(image: MaskedImage): tf.Scalar {
  return tf.tidy(() => {
    const prototype = imageMaskedMean(image.features, image.mask);
    return likelihoodLoss(probability(image, unitFeatures(image.features), prototype), image.mask);
  });
}

/** Mean squared difference between the prototypes of support and predicted query [1, C]; both get a gradient (RPT). */
export function prototypeLoss(support: tf.Tensor2D, query: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => tf.mean(tf.squaredDifference(query, support)) as tf.Scalar);
}
