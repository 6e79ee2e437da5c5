import { resizeBilinear } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';
import { type Blueprint, normBlanks, plainConvBlanks, slopeBlank } from '../network/blueprint.js';
import { normal } from '../network/fillings.js';
import { convNorm, prelu } from '../network/layers.js';
import type { Pass } from '../network/pass.js';

const rates = [1, 6, 12, 18] as const;

/** The parameters of {@link asppCascade}: `aspp1` to `aspp4`, `global_avg_pool`, `conv1`, `bn1`. */
export function asppBlanks(inputs: number, width: number): Blueprint {
  const branches = rates.map((rate, index) => ({
    ...plainConvBlanks(`aspp${index + 1}.atrous_convolution`, rate === 1 ? 1 : 3, inputs, width, normal(0.01)),
    ...normBlanks(`aspp${index + 1}.bn`, width),
  }));
  return Object.assign({}, ...branches, {
    ...plainConvBlanks('global_avg_pool.1', 1, inputs, width, normal(0.01)),
    ...normBlanks('global_avg_pool.2', width),
    ...slopeBlank('global_avg_pool.3'),
    ...plainConvBlanks('conv1', 1, 5 * width, width, normal(0.01)),
    ...normBlanks('bn1', width),
  }) as Blueprint;
}

/**
 * Pyramid pooling whose branches build on each other: each dilated convolution's map is added to the sum of those
 * before, the image's mean comes last, and a 1x1 convolution joins all five sums.
 *
 * @param x [B, h, w, in]
 * @returns [B, h, w, width]
 */
export function asppCascade(pass: Pass, x: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = x.shape;
  const sums: tf.Tensor4D[] = [];
  const add = (map: tf.Tensor4D): void => {
    const before = sums.at(-1);
    sums.push(before === undefined ? map : (tf.add(map, before) as tf.Tensor4D));
  };
  for (const [index, dilation] of rates.entries()) {
    const name = `aspp${index + 1}`;
    add(convNorm(pass, `${name}.atrous_convolution`, `${name}.bn`, x, { dilation, relu: true }));
  }
  const mean = tf.mean(x, [1, 2], true) as tf.Tensor4D;
  const global = prelu(pass, 'global_avg_pool.3', convNorm(pass, 'global_avg_pool.1', 'global_avg_pool.2', mean));
  add(resizeBilinear(global, [height, width], { alignCorners: true }));
  return convNorm(pass, 'conv1', 'bn1', tf.concat(sums, 3) as tf.Tensor4D, { relu: true });
}
