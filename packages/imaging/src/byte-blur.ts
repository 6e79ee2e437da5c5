import { ConfigError } from '@fsmr/core/errors';
import { checkImage, type Mask2D } from './image.js';
import { roundHalfEven } from './rounding.js';

/** Gaussian weights in units of 1/256 that sum to 256: what one weight loses by rounding, the next one receives. */
function fixedPointGaussian(length: number, sigma: number): Int32Array {
  const half = (length - 1) / 2;
  const values = new Float64Array(half);
  let sum = 0;
  for (let i = 0; i < half; i++) {
    const x = 2 * i + 1 - length;
    values[i] = Math.exp(x * x * (-0.125 / (sigma * sigma)));
    sum += values[i]!;
  }
  const scale = 1 / (2 * sum + 1);
  const weights = new Int32Array(length);
  let error = 0;
  let used = 0;
  for (let i = 0; i < half; i++) {
    const wanted = values[i]! * scale * 256 + error;
    const weight = roundHalfEven(wanted);
    error = wanted - weight;
    weights[i] = weight;
    weights[length - 1 - i] = weight;
    used += 2 * weight;
  }
  weights[half] = 256 - used;
  return weights;
}

/** Source index of each padded position, the border mirrored without repeating its edge (c b | a b c d | c b). */
function mirrored(length: number, radius: number): Int32Array {
  const index = new Int32Array(length + 2 * radius);
  const period = Math.max(1, 2 * (length - 1));
  for (let p = 0; p < index.length; p++) {
    const inside = (((p - radius) % period) + period) % period;
    index[p] = inside < length ? inside : period - inside;
  }
  return index;
}

/**
 * Gaussian blur of bytes in fixed point, equal to OpenCV's `GaussianBlur` on 8-bit images with its default border
 * (mirrored, the edge not repeated): 8 fractional bits a weight, one rounding at the end.
 *
 * @param image bytes 0..255.
 * @param length odd number of taps in both directions.
 * @param sigma standard deviation in pixels.
 * @throws ConfigError where length or sigma make no kernel.
 */
export function blurBytes(image: Mask2D, length: number, sigma: number): Mask2D {
  if (!Number.isInteger(length) || length < 1 || length % 2 === 0 || !(sigma > 0)) {
    throw new ConfigError(`a blur needs an odd number of taps and a positive sigma, found ${length} and ${sigma}.`);
  }
  checkImage(image);
  const { width, height, data } = image;
  const weights = fixedPointGaussian(length, sigma);
  const radius = (length - 1) / 2;
  const columns = mirrored(width, radius);
  const rows = mirrored(height, radius);
  const across = new Int32Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < length; k++) sum += weights[k]! * data[y * width + columns[x + k]!]!;
      across[y * width + x] = sum;
    }
  }
  const result = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let k = 0; k < length; k++) sum += weights[k]! * across[rows[y + k]! * width + x]!;
      result[y * width + x] = Math.min(255, (sum + 0x8000) >>> 16);
    }
  }
  return { width, height, data: result };
}
