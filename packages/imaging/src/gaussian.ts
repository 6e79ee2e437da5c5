import { ConfigError } from '@fsmr/core/errors';
import { checkVoxelCount, type Vector3 } from './geometry.js';

/** Half of a normalised Gaussian: weight of the centre, then of each distance up to the radius. */
function halfGaussian(sigma: number, truncate: number): Float64Array {
  const radius = Math.floor(truncate * sigma + 0.5);
  const weights = new Float64Array(radius + 1);
  let sum = 0;
  for (let distance = -radius; distance <= radius; distance++) {
    const weight = Math.exp((-0.5 / (sigma * sigma)) * distance * distance);
    weights[Math.abs(distance)] = weight;
    sum += weight;
  }
  for (let i = 0; i <= radius; i++) weights[i]! /= sum;
  return weights;
}

/** The source index of every padded position, the border mirrored with its edge repeated (d c b a | a b c d). */
function mirrored(length: number, radius: number): Int32Array {
  const index = new Int32Array(length + 2 * radius);
  const period = 2 * length;
  for (let p = 0; p < index.length; p++) {
    const inside = (((p - radius) % period) + period) % period;
    index[p] = inside < length ? inside : period - 1 - inside;
  }
  return index;
}

// One line at a time, from the far taps to the near ones: scipy's order of summation, so that ties stay ties.
function smoothLine(line: Float64Array, weights: Float64Array, length: number, output: Float64Array): void {
  const radius = weights.length - 1;
  const centre = weights[0]!;
  for (let i = 0; i < length; i++) {
    const middle = i + radius;
    let sum = line[middle]! * centre;
    for (let k = radius; k > 0; k--) sum += (line[middle - k]! + line[middle + k]!) * weights[k]!;
    output[i] = sum;
  }
}

function smoothAxis(data: Float64Array, size: Vector3, axis: 0 | 1 | 2, weights: Float64Array): void {
  const [nx, ny] = size;
  const length = size[axis];
  const radius = weights.length - 1;
  const stride = axis === 0 ? 1 : axis === 1 ? nx : nx * ny;
  const source = mirrored(length, radius);
  const line = new Float64Array(length + 2 * radius);
  const result = new Float64Array(length);
  const lines = data.length / length;
  for (let l = 0; l < lines; l++) {
    const inner = l % stride;
    const start = inner + (l - inner) * length;
    for (let p = 0; p < line.length; p++) line[p] = data[start + source[p]! * stride]!;
    smoothLine(line, weights, length, result);
    for (let i = 0; i < length; i++) data[start + i * stride] = result[i]!;
  }
}

/**
 * Gaussian smoothing in double precision, equal to `scipy.ndimage.gaussian_filter` with its defaults: axes z, y, x in
 * turn, border mirrored with the edge repeated, kernel cut at `truncate` standard deviations.
 *
 * @param data values of size [x, y, z], x fastest; z = 1 for an image.
 * @param sigma standard deviation in voxels for x, y, z; 0 leaves an axis alone.
 * @returns a new array.
 * @throws ConfigError for a negative or absurd sigma; ShapeError where data and size disagree.
 */
export function gaussianFilter(data: ArrayLike<number>, size: Vector3, sigma: Vector3, truncate = 4): Float64Array {
  checkVoxelCount(size, data.length);
  const result = new Float64Array(data);
  for (const axis of [2, 1, 0] as const) {
    const s = sigma[axis];
    if (!(s >= 0 && s < 1000)) throw new ConfigError(`a standard deviation must lie in [0, 1000), found ${s}.`);
    // scipy leaves an axis alone below 1e-15.
    if (s > 1e-15) smoothAxis(result, size, axis, halfGaussian(s, truncate));
  }
  return result;
}
