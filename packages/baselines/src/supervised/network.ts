import type { Encoder } from '@fsmr/backbones';
import { addPrefix, encoderPrefix, type ParameterRecord, resizeBilinear, withPrefix } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { binaryCrossEntropy } from '../mrnet/losses.js';
import { convBlanks, drawParameters, shapesOf } from '../network/blueprint.js';
import { conv } from '../network/layers.js';
import { type PassOptions, startPass } from '../network/pass.js';
import { copyOf, type OnEncoder } from '../network/tapped-encoder.js';

/** An encoder with one logit channel a rater. */
export interface SupervisedNet extends OnEncoder {
  /** @returns logits [B, H, W, R]; foreground above 0. */
  apply(
    parameters: ParameterRecord,
    images: tf.Tensor4D,
    options: PassOptions,
  ): { readonly logits: tf.Tensor4D; readonly statistics: ParameterRecord };
}

/**
 * The backbone with a head: relu on its features, a 1x1 convolution to R channels, bilinear to the image's size.
 *
 * Parameters: the encoder's below `encoder.`, `head`.
 */
export function supervisedNet(encoder: Encoder, raters: number): SupervisedNet {
  const blanks = convBlanks('head', 1, encoder.channels.at(-1)!, raters);
  return {
    shapes: { ...addPrefix(shapesOf(encoder.specs), encoderPrefix), ...shapesOf(blanks) },
    init: (random, trained) => ({
      ...addPrefix(
        trained === undefined ? encoder.init(random.fork('encoder')) : copyOf(encoder, trained),
        encoderPrefix,
      ),
      ...drawParameters(blanks, random),
    }),
    apply: (parameters, images, options) =>
      tf.tidy(() => {
        const { features, statistics } = encoder.apply(withPrefix(parameters, encoderPrefix), images, options);
        const small = conv(startPass(parameters, options), 'head', tf.relu(features.maps.at(-1)!));
        const logits = resizeBilinear(small, [images.shape[1], images.shape[2]], { alignCorners: false });
        return { logits, statistics: addPrefix(statistics, encoderPrefix) } as never;
      }),
  };
}

/**
 * Cross-entropy plus Dice, so that small organs are neither overlooked nor lost in the beginning: the mean binary
 * cross-entropy, and one minus each rater's soft Dice over the batch (1 added above and below), averaged over raters.
 *
 * @param logits [B, H, W, R]
 * @param masks of the same shape, 0 or 1
 */
export function supervisedLoss(logits: tf.Tensor4D, masks: tf.Tensor4D): tf.Scalar {
  return tf.tidy(() => {
    const p = tf.sigmoid(logits);
    const shared = tf.sum(tf.mul(p, masks), [0, 1, 2]);
    const total = tf.sum(tf.add(p, masks), [0, 1, 2]);
    const dice = tf.mean(tf.div(tf.add(tf.mul(shared, 2), 1), tf.add(total, 1)));
    return tf.add(binaryCrossEntropy(logits, masks), tf.sub(1, dice)) as tf.Scalar;
  });
}
