import * as tf from '@tensorflow/tfjs';
import { ShapeError } from '../errors.js';
import { differentiable } from './differentiable.js';
import { hasKernel, runKernel } from './kernels.js';

/** What follows the normalisation in one step: `relu(normalised + residual)`, each part optional. */
export interface BatchNormOptions {
  /** Added to the variance, 1e-5 unless given. */
  readonly epsilon?: number;
  /** Whether negative results become 0. */
  readonly relu?: boolean;
  /** Added before the relu, of the shape of the images. */
  readonly residual?: tf.Tensor4D;
}

/** Statistics of a channel each [C]: mean and variance. */
export interface ChannelStatistics {
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

type Attributes = { readonly epsilon: number; readonly relu: boolean; readonly residual: boolean };

/**
 * Batch normalisation in training, as `torch.nn.BatchNorm2d`: every channel gets mean 0 and variance 1 over the batch,
 * then `scale` and `offset`; residual and relu are fused in because that halves the memory a training step holds.
 *
 * @param x images [B, H, W, C]
 * @param scale [C]
 * @param offset [C]
 * @returns the result, and mean and biased variance of the batch, which carry no gradient.
 * @throws ShapeError where a channel has one value only.
 * @see Ioffe and Szegedy, Batch Normalization, ICML 2015, algorithm 1.
 */
export function batchNormTrain(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  { epsilon = 1e-5, relu = false, residual }: BatchNormOptions = {},
): { readonly y: tf.Tensor4D } & ChannelStatistics {
  if (x.size <= x.shape[3])
    throw new ShapeError(`batch normalisation needs more than one value a channel, not [${x.shape}].`);
  const attributes: Attributes = { epsilon, relu, residual: residual !== undefined };
  const [y, mean, variance] = differentiable<'x' | 'scale' | 'offset' | 'residual'>({
    // A missing residual must be absent: the engine walks over every input.
    inputs: { x, scale, offset, ...(residual === undefined ? {} : { residual }) } as Record<
      'x' | 'scale' | 'offset' | 'residual',
      tf.Tensor
    >,
    forward: (save) => {
      const outputs = hasKernel('FsmrBatchNormTrain')
        ? runKernel('FsmrBatchNormTrain', { x, scale, offset, ...(residual && { residual }) }, { epsilon, relu })
        : normalise(x, scale, offset, attributes, residual);
      // Only the relu needs its result again.
      save([x, relu ? outputs[0]! : x, scale, outputs[1]!, outputs[2]!]);
      return outputs;
    },
    backward: ([dy], saved) => {
      const gradients = hasKernel('FsmrBatchNormTrain') ? nativeGradients : portableGradients;
      const [dx, dscale, doffset, dresidual] = gradients(dy as tf.Tensor4D, saved, attributes);
      return { x: () => dx!, scale: () => dscale!, offset: () => doffset!, residual: () => dresidual! };
    },
  });
  return { y: y as tf.Tensor4D, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}

function normalise(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  { epsilon, relu }: Attributes,
  residual: tf.Tensor4D | undefined,
): tf.Tensor[] {
  const mean = tf.mean(x, [0, 1, 2]);
  const centred = tf.sub(x, mean);
  const variance = tf.mean(tf.square(centred), [0, 1, 2]);
  let y = tf.add(tf.mul(centred, tf.mul(scale, tf.rsqrt(tf.add(variance, epsilon)))), offset);
  if (residual !== undefined) y = tf.add(y, residual);
  return [relu ? tf.relu(y) : y, mean, variance];
}

function nativeGradients(dy: tf.Tensor4D, saved: tf.Tensor[], attributes: Attributes): tf.Tensor[] {
  const [x, y, scale, mean, variance] = saved;
  return runKernel('FsmrBatchNormTrainGrad', { x, y, dy, scale, mean, variance }, attributes);
}

function portableGradients(dy: tf.Tensor4D, saved: tf.Tensor[], attributes: Attributes): tf.Tensor[] {
  const [x, y, scale, mean, variance] = saved as [tf.Tensor4D, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  return tf.tidy(() => {
    const count = x.size / x.shape[3];
    const upstream = attributes.relu ? tf.mul(dy, tf.step(y)) : dy;
    const deviation = tf.rsqrt(tf.add(variance, attributes.epsilon));
    const normalised = tf.mul(tf.sub(x, mean), deviation);
    const doffset = tf.sum(upstream, [0, 1, 2]);
    const dscale = tf.sum(tf.mul(upstream, normalised), [0, 1, 2]);
    const spread = tf.add(tf.mul(normalised, tf.div(dscale, count)), tf.div(doffset, count));
    const dx = tf.mul(tf.sub(upstream, spread), tf.mul(scale, deviation));
    return [dx, dscale, doffset, ...(attributes.residual ? [tf.clone(upstream)] : [])];
  });
}

/**
 * Batch normalisation with given statistics, as `torch.nn.BatchNorm2d` in eval mode, differentiable in images, scale
 * and offset; residual and relu as in {@link batchNormTrain}.
 *
 * @param x images [B, H, W, C]
 * @param scale [C]
 * @param offset [C]
 */
export function batchNormEval(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  { mean, variance }: ChannelStatistics,
  { epsilon = 1e-5, relu = false, residual }: BatchNormOptions = {},
): tf.Tensor4D {
  return tf.tidy(() => {
    const gain = tf.mul(scale, tf.rsqrt(tf.add(variance, epsilon)));
    let y = tf.add(tf.mul(x, gain), tf.sub(offset, tf.mul(mean, gain)));
    if (residual !== undefined) y = tf.add(y, residual);
    return (relu ? tf.relu(y) : y) as tf.Tensor4D;
  });
}

/**
 * The running statistics after one more batch: `(1 - momentum) running + momentum batch`, with the batch's variance
 * made unbiased, as PyTorch keeps them.
 *
 * @param running mean and variance so far, [C] each
 * @param batch mean and biased variance of the batch, [C] each, as {@link batchNormTrain} gives them
 * @param count values a channel in the batch, B H W, at least 2
 * @param momentum share of the batch in the result, 0 to 1
 * @returns mean and variance, [C] each; the caller owns them.
 */
export function updateRunningStatistics(
  running: ChannelStatistics,
  batch: ChannelStatistics,
  count: number,
  momentum = 0.1,
): ChannelStatistics {
  const keep = 1 - momentum;
  const blend = (before: tf.Tensor1D, now: tf.Tensor1D, share: number): tf.Tensor1D =>
    hasKernel('FsmrBlend')
      ? (runKernel('FsmrBlend', { before, now }, { keep, share })[0] as tf.Tensor1D)
      : tf.tidy(() => tf.add(tf.mul(before, keep), tf.mul(now, share)));
  return {
    mean: blend(running.mean, batch.mean, momentum),
    variance: blend(running.variance, batch.variance, (momentum * count) / (count - 1)),
  };
}
