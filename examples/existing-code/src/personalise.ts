import { alpnet } from '@fsmr/alpnet';
import { allShots, createRandom, type ParameterRecord, segmentFeatures } from '@fsmr/core';
import { japc } from '@fsmr/japc';
import * as tf from '@tensorflow/tfjs';

// Ten lines from a model you have to one answer a rater:
const method = japc(alpnet({ protoGridSize: 4 }));

/**
 * One mask a rater of a query image, from one support image.
 *
 * @param support [1, H, W, 3]
 * @param masks what R raters outlined on it [R, H, W], 0 or 1
 * @param query [1, H, W, 3]
 * @returns [R, H, W], 0 or 1; the caller owns it.
 */
export function personalise(
  encoder: tf.LayersModel,
  parameters: ParameterRecord,
  { support, masks, query }: { support: tf.Tensor4D; masks: tf.Tensor3D; query: tf.Tensor4D },
): tf.Tensor3D {
  return tf.tidy(() => {
    const featuresOf = (image: tf.Tensor4D) => ({ maps: [encoder.predict(image) as tf.Tensor4D] });
    const inputs = { support: featuresOf(support), query: featuresOf(query), shots: allShots(masks.shape[0], 1) };
    const segmentation = segmentFeatures({ method, parameters, masks: tf.expandDims(masks, 1), ...inputs });
    return tf.argMax(segmentation.logits, 3) as tf.Tensor3D;
  });
}

/** Projections to start from; train them with your own optimiser, or load them. The caller owns them. */
export function freshProjections(channels: number, seed: number): ParameterRecord {
  return method.calibrator!.init({ channels: [channels], random: createRandom(seed) });
}

/**
 * The loss of one step in your own training loop, differentiable in encoder and projections: `tf.variableGrads` and
 * any optimiser of TensorFlow.js do the rest.
 *
 * @param truth the query as each rater sees it [R, H, W], 0 or 1
 */
export function trainingLoss(
  encoder: tf.LayersModel,
  parameters: ParameterRecord,
  {
    support,
    masks,
    query,
    truth,
  }: { support: tf.Tensor4D; masks: tf.Tensor3D; query: tf.Tensor4D; truth: tf.Tensor3D },
): tf.Scalar {
  return tf.tidy(() => {
    const featuresOf = (image: tf.Tensor4D) => ({ maps: [encoder.apply(image, { training: true }) as tf.Tensor4D] });
    const inputs = { support: featuresOf(support), query: featuresOf(query), shots: allShots(masks.shape[0], 1) };
    const found = segmentFeatures({ method, parameters, masks: tf.expandDims(masks, 1), training: true, ...inputs });
    const onehot = tf.oneHot(tf.cast(truth, 'int32'), 2);
    const segmentation = tf.losses.softmaxCrossEntropy(onehot, found.logits);
    return tf.addN([segmentation, found.alignmentLoss, found.calibrationLoss]) as tf.Scalar;
  });
}
