import type * as tf from '@tensorflow/tfjs';

/** What a backbone says about a batch of images. */
export interface FeatureMaps {
  /** One map a scale, finest first, each [B, h, w, C]. */
  readonly maps: readonly tf.Tensor4D[];
  /** A scalar an image [B, 1], of backbones with a threshold head (Q-Net, RPT). */
  readonly threshold?: tf.Tensor2D;
}
