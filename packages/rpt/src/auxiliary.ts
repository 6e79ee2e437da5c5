import { type AuxiliaryInputs, selectShots } from '@fsmr/core';
import { imageMaskedMean, shotMeanPrototype, thresholdOf } from '@fsmr/qnet';
import * as tf from '@tensorflow/tfjs';
import { peripheryLoss, prototypeLoss, selfLoss } from './losses.js';

/** Weights of RPT's own losses; the published ones are 0.1, 0.1 and 1. */
export interface RptLossWeights {
  readonly periphery: number;
  readonly mse: number;
  readonly query: number;
}

/**
 * RPT's own training losses of one rater, weighted: `periphery` over the support (mean over shots), `mse` between the
 * support prototype and that of the predicted query (zero where no foreground is predicted), and `query`, the query
 * segmented by its own true mask.
 */
export function auxiliaryLosses(inputs: AuxiliaryInputs, weights: RptLossWeights): Record<string, tf.Scalar> {
  const { support, query, shots, supportMask, predictedMask } = inputs;
  return tf.tidy(() => {
    const features = selectShots(support.maps[0]!, shots);
    const thresholds = selectShots(thresholdOf(support, 'rpt'), shots);
    const queryFeatures = query.maps[0]!;
    const peripheries = shots.map((_, shot) =>
      peripheryLoss({
        features: tf.slice(features, [shot, 0, 0, 0], [1, -1, -1, -1]),
        threshold: tf.slice(thresholds, [shot, 0], [1, 1]),
        mask: tf.slice(supportMask, [shot, 0, 0], [1, -1, -1]),
      }),
    );
    const empty = tf.max(predictedMask).dataSync()[0]! === 0;
    const predicted = imageMaskedMean(queryFeatures, tf.expandDims(predictedMask, 0) as tf.Tensor3D);
    const own = selfLoss({
      features: queryFeatures,
      threshold: thresholdOf(query, 'rpt'),
      mask: tf.expandDims(inputs.queryMask, 0) as tf.Tensor3D,
    });
    const mse = empty ? tf.scalar(0) : prototypeLoss(shotMeanPrototype(features, supportMask), predicted);
    return {
      periphery: tf.mul(tf.addN(peripheries), weights.periphery / shots.length) as tf.Scalar,
      mse: tf.mul(mse, weights.mse) as tf.Scalar,
      query: tf.mul(own, weights.query) as tf.Scalar,
    };
  });
}
