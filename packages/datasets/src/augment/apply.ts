import type { SliceSample } from '../types.js';
import { affineMatrix, warp, warpPositions } from './affine.js';
import { type Displacement, displace, displacementFromSeed } from './elastic.js';
import type { Augmentation } from './parameters.js';

/**
 * Grey values on another curve: the range of the image stays, what lies within is raised to a power.
 * @param image changed in place
 */
export function applyGamma<Image extends Float32Array>(image: Image, gamma: number): Image {
  const epsilon = 1e-5;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < image.length; i++) {
    low = Math.min(low, image[i]!);
    high = Math.max(high, image[i]!);
  }
  const range = high - low + epsilon;
  for (let i = 0; i < image.length; i++) {
    image[i] = range * ((image[i]! - low + epsilon) / range) ** gamma + low;
  }
  return image;
}

// A loop, because the arrays' own `from` takes ten times as long.
function aboveHalf(values: Float32Array): Uint8Array {
  const mask = new Uint8Array(values.length);
  for (let i = 0; i < mask.length; i++) mask[i] = values[i]! > 0.5 ? 1 : 0;
  return mask;
}

/** {@link applyAugmentation} with the displacement given instead of its seed. */
export function augmentWith(sample: SliceSample, parameters: Augmentation, displacement: Displacement): SliceSample {
  const { width, height } = sample;
  const positions = warpPositions(affineMatrix(parameters, width, height), width, height);
  const moved = (data: ArrayLike<number>): Float32Array<ArrayBuffer> =>
    displace(warp(data, positions, width, height), displacement, width, height);
  return {
    width,
    height,
    image: applyGamma(moved(sample.image), parameters.gamma),
    masks: sample.masks.map((mask) => aboveHalf(moved(mask))),
  };
}

/**
 * A slice and its masks under one transform: affine (0 outside), elastic, then gamma on the image alone. Masks move
 * with the image, are interpolated as numbers and kept where more than one half is left; a small mask can vanish.
 *
 * The same parameters give the same result on every machine; positions lie on OpenCV's grid of 1/32 pixel.
 * Source: datasets section 8.8, the pipeline of SSL-ALPNet.
 *
 * @returns a new sample of the same size
 */
export function applyAugmentation(sample: SliceSample, parameters: Augmentation): SliceSample {
  return augmentWith(sample, parameters, displacementFromSeed(parameters.elastic, sample.width, sample.height));
}
