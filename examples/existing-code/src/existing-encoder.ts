import * as tf from '@tensorflow/tfjs';

/**
 * Stands for the encoder you trained long ago. Every model from images to features will do, here from [B, 64, 64, 3] to
 * [B, 8, 8, 32].
 */
export function existingEncoder(): tf.LayersModel {
  const conv = (filters: number, seed: number) =>
    tf.layers.conv2d({
      filters,
      kernelSize: 3,
      strides: 2,
      padding: 'same',
      activation: 'relu',
      kernelInitializer: tf.initializers.heNormal({ seed }),
    });
  return tf.sequential({
    layers: [tf.layers.inputLayer({ inputShape: [64, 64, 3] }), conv(8, 1), conv(16, 2), conv(32, 3)],
  });
}
