import { type FeatureMaps, hasKernel, type ParameterRecord, runKernel } from '@fsmr/core';
import { releaseGraph } from '@fsmr/tfjs-backend-onnxruntime';
import * as tf from '@tensorflow/tfjs';
import { checkImages, type Encoder } from '../encoder.js';
import { exportOnnx, outputNames } from './export.js';

/** An encoder with the parameters it had when it was compiled. */
export interface CompiledEncoder {
  /**
   * Features in eval mode, without gradients.
   *
   * @param images [B, H, W, 3]
   */
  encode(images: tf.Tensor4D): FeatureMaps;
  /** Frees the graph and the parameters it holds. */
  dispose(): void;
}

/** The results of an encoder's graph by their roles. */
export function featuresOf({ channels, hasThreshold }: Encoder, results: readonly tf.Tensor[]): FeatureMaps {
  const maps = results.slice(0, channels.length) as tf.Tensor4D[];
  return hasThreshold ? { maps, threshold: results.at(-1) as tf.Tensor2D } : { maps };
}

let compiled = 0;

/**
 * Fixes an encoder and its parameters for inference. Where the backend can run whole graphs the encoder becomes one,
 * with normalisation folded into the convolutions; elsewhere it runs step by step.
 *
 * Later changes of the parameters do not show: dispose of the result and compile again.
 *
 * @throws WeightsError where a parameter is missing, at the first `encode`.
 */
export function compileEncoder(encoder: Encoder, parameters: ParameterRecord): CompiledEncoder {
  const key = `fsmr-encoder-${compiled++}`;
  // Clones share their data with the originals and outlive them.
  const own: ParameterRecord = Object.fromEntries(
    Object.entries(parameters).map(([name, tensor]) => [name, tf.keep(tf.clone(tensor))]),
  );
  const outputs = outputNames(encoder);
  const model = (): Uint8Array => exportOnnx(encoder, own, { layout: 'nhwc' });
  return {
    encode(images) {
      if (!hasKernel('FsmrRunGraph')) return encoder.apply(own, images, { training: false }).features;
      checkImages(images);
      const float = tf.cast(images, 'float32');
      const features = featuresOf(encoder, runKernel('FsmrRunGraph', { images: float }, { key, model, outputs }));
      float.dispose();
      return features;
    },
    dispose() {
      releaseGraph(key);
      tf.dispose(own as Record<string, tf.Tensor>);
    },
  };
}
