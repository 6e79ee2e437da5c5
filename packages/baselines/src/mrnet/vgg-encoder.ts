import type * as tf from '@tensorflow/tfjs';
import { type Blueprint, convBlanks, normBlanks, slopeBlank } from '../network/blueprint.js';
import { constant, normal } from '../network/fillings.js';
import { convNorm, prelu } from '../network/layers.js';
import type { Pass } from '../network/pass.js';
import { maxPoolCeil } from '../network/pool.js';

/** Convolutions of each block and how many times the first block's channels it has. */
const blocks = [
  { convolutions: 2, factor: 1 },
  { convolutions: 2, factor: 2 },
  { convolutions: 3, factor: 4 },
  { convolutions: 3, factor: 8 },
  { convolutions: 3, factor: 8 },
] as const;

/** Small first weights and no bias, as MRNet begins its second and third network. */
export const smallFillings = { weight: normal(0.01), bias: constant(0) };

/** The parameters of {@link vggEncoder}: `conv1_1`, `bn1_1`, `relu1_1` to `relu5_3`. */
export function vggBlanks(inputs: number, width: number): Blueprint {
  const parts: Blueprint[] = [];
  let channels = inputs;
  for (const [block, { convolutions, factor }] of blocks.entries()) {
    for (let layer = 1; layer <= convolutions; layer++) {
      const at = `${block + 1}_${layer}`;
      parts.push(
        convBlanks(`conv${at}`, 3, channels, factor * width, smallFillings),
        normBlanks(`bn${at}`, factor * width),
        slopeBlank(`relu${at}`),
      );
      channels = factor * width;
    }
  }
  return Object.assign({}, ...parts) as Blueprint;
}

/** The maps of a {@link vggEncoder}. */
export interface VggMaps {
  /** After each of the five blocks; after pooling where there is one. */
  readonly levels: readonly tf.Tensor4D[];
  /** Of the third block before pooling, at a quarter of the image's size. */
  readonly low: tf.Tensor4D;
}

/**
 * VGG-16's convolutions with batch normalisation and PReLU; pooling after blocks 1 to 4, so a cell of the last map
 * spans 16 pixels.
 *
 * @param x [B, H, W, inputs]
 */
export function vggEncoder(pass: Pass, x: tf.Tensor4D): VggMaps {
  const levels: tf.Tensor4D[] = [];
  let map = x;
  let low = x;
  for (const [block, { convolutions }] of blocks.entries()) {
    for (let layer = 1; layer <= convolutions; layer++) {
      const at = `${block + 1}_${layer}`;
      map = prelu(pass, `relu${at}`, convNorm(pass, `conv${at}`, `bn${at}`, map));
    }
    if (block === 2) low = map;
    if (block < 4) map = maxPoolCeil(map);
    levels.push(map);
  }
  return { levels, low };
}
