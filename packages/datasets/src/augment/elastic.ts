import { createRandom } from '@fsmr/core';
import type { Augmentation } from './parameters.js';

/** Displacement of every pixel along x (columns) and y (rows), in pixels. */
export interface Displacement {
  readonly dx: Float64Array;
  readonly dy: Float64Array;
}

// Mirrored without repeating the edge: c b | a b c.
function reflect101(index: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const inside = ((index % period) + period) % period;
  return inside < length ? inside : period - inside;
}

/** Gaussian blur with a kernel of `(4 sigma) | 1` taps and borders mirrored without the edge, as OpenCV blurs. */
function blur(field: Float64Array, width: number, height: number, sigma: number): Float64Array {
  const radius = (Math.floor(4 * sigma) | 1) >> 1;
  const bell = Array.from({ length: radius + 1 }, (_unused, k) => Math.exp((-k * k) / (2 * sigma * sigma)));
  const sum = bell.reduce((total, value, k) => total + (k === 0 ? value : 2 * value), 0);
  const taps = Float64Array.from(bell, (value) => value / sum);
  const pass = (source: Float64Array, count: number, length: number, step: number, lineStep: number): Float64Array => {
    const result = new Float64Array(source.length);
    const line = new Float64Array(length + 2 * radius);
    for (let start = 0; start < count * lineStep; start += lineStep) {
      for (let p = 0; p < line.length; p++) line[p] = source[start + reflect101(p - radius, length) * step]!;
      for (let i = 0; i < length; i++) {
        const middle = i + radius;
        let total = line[middle]! * taps[0]!;
        for (let k = 1; k <= radius; k++) total += (line[middle - k]! + line[middle + k]!) * taps[k]!;
        result[start + i * step] = total;
      }
    }
    return result;
  };
  return pass(pass(field, height, width, 1, width), width, height, width, 1);
}

/**
 * A smooth displacement from two fields of uniform noise (Simard et al. 2003).
 * @param noise values in [0, 1) for dx and for dy, [y, x] each
 */
export function displacementOf(
  noise: readonly [Float64Array, Float64Array],
  width: number,
  height: number,
  { alpha, sigma }: { readonly alpha: number; readonly sigma: number },
): Displacement {
  const [dx, dy] = noise.map((field) =>
    blur(
      field.map((value) => 2 * value - 1),
      width,
      height,
      sigma,
    ).map((value) => value * alpha),
  ) as [Float64Array, Float64Array];
  return { dx, dy };
}

/** The displacement a transform's seed stands for, in an image of this size. */
export function displacementFromSeed(elastic: Augmentation['elastic'], width: number, height: number): Displacement {
  const random = createRandom(elastic.seed).fork('elastic');
  const field = (): Float64Array => new Float64Array(width * height).map(() => random.next());
  return displacementOf([field(), field()], width, height, elastic);
}

// Mirrored with the edge repeated: b a | a b c.
function reflect(index: number, length: number): number {
  const period = 2 * length;
  const inside = ((index % period) + period) % period;
  return inside < length ? inside : period - 1 - inside;
}

/** Reads a channel [y, x] at displaced positions, bilinear, borders mirrored with the edge. */
export function displace(
  data: Float32Array,
  { dx, dy }: Displacement,
  width: number,
  height: number,
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(data.length);
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i++) {
      const [x, y] = [column + dx[i]!, row + dy[i]!];
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const [u, v] = [x - left, y - top];
      const [x0, x1] = [reflect(left, width), reflect(left + 1, width)];
      const [y0, y1] = [reflect(top, height) * width, reflect(top + 1, height) * width];
      result[i] =
        (data[y0 + x0]! * (1 - u) + data[y0 + x1]! * u) * (1 - v) + (data[y1 + x0]! * (1 - u) + data[y1 + x1]! * u) * v;
    }
  }
  return result;
}
