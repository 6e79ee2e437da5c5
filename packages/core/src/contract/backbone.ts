import type * as tf from '@tensorflow/tfjs';
import type { Random } from '../random.js';
import type { FeatureMaps } from './features.js';
import type { ParameterRecord } from './parameters.js';

/** Turns images into feature maps. A value without state: its parameters are handed in. */
export interface Backbone {
  readonly name: string;
  /** Channels of each feature map. */
  readonly channels: readonly number[];
  /** Image pixels a cell of each feature map spans. */
  readonly strides: readonly number[];
  /** Whether `apply` returns a threshold an image. */
  readonly hasThreshold: boolean;
  /** Fresh parameters and buffers; the caller owns the tensors. */
  init(random: Random): ParameterRecord;
  /** Whether a parameter is a buffer (running statistics), which no optimiser moves. */
  isBuffer(name: string): boolean;
  /**
   * @param images [B, H, W, 3], normalised.
   * @returns features, and in training the new running statistics, which replace the buffers of the same names.
   */
  apply(
    parameters: ParameterRecord,
    images: tf.Tensor4D,
    options: { readonly training: boolean },
  ): { readonly features: FeatureMaps; readonly statistics: ParameterRecord };
}
