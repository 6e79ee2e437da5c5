import { clampedNegativeLogLikelihood, maxPool2d, resizeBilinear } from '@fsmr/core';
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

function likelihoodLoss(probabilities: tf.Tensor3D, labels: tf.Tensor3D): tf.Scalar {
  const both = tf.stack([tf.sub(1, probabilities), probabilities], 3);
  return clampedNegativeLogLikelihood(both, labels);
}

/**
 * The periphery loss (RPT): what the prototype of the dilated mask finds beyond the prototype of the mask should be the
 * ring between both. Plain negative log-likelihood; the difference may be negative and is clamped.
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

/** The query segmented by the prototype of its own true mask; plain negative log-likelihood (RPT). */
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
