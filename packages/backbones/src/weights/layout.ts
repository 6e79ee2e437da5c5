import type { Elements, WeightArray } from './array.js';

/** Rearranges a rank-4 array by an axis order, as `tf.transpose` does, without touching a backend. */
function permute4<T extends Elements>(
  data: T,
  shape: readonly number[],
  order: readonly [number, number, number, number],
): T {
  const result = data.slice() as T;
  const steps = [0, 1, 2, 3].map((axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  const [a, b, c, d] = order.map((axis) => shape[axis]!) as [number, number, number, number];
  const [sa, sb, sc, sd] = order.map((axis) => steps[axis]!) as [number, number, number, number];
  let at = 0;
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      for (let k = 0; k < c; k++) {
        const start = i * sa + j * sb + k * sc;
        for (let l = 0; l < d; l++) result[at++] = data[start + l * sd]!;
      }
    }
  }
  return result;
}

/** From disk to memory: a convolution kernel [out, in, kh, kw] becomes [kh, kw, in, out]; anything else stays. */
export function toMemory({ shape, data }: WeightArray): WeightArray {
  if (shape.length !== 4) return { shape, data };
  const [out, inputs, height, width] = shape as [number, number, number, number];
  return { shape: [height, width, inputs, out], data: permute4(data, shape, [2, 3, 1, 0]) };
}

/** From memory to disk: a convolution kernel [kh, kw, in, out] becomes [out, in, kh, kw]; anything else stays. */
export function toDisk({ shape, data }: WeightArray): WeightArray {
  if (shape.length !== 4) return { shape, data };
  const [height, width, inputs, out] = shape as [number, number, number, number];
  return { shape: [out, inputs, height, width], data: permute4(data, shape, [3, 2, 0, 1]) };
}

/** The shape on disk of a parameter in memory. */
export function shapeOnDisk(shape: readonly number[]): readonly number[] {
  return shape.length === 4 ? [shape[3]!, shape[2]!, shape[0]!, shape[1]!] : shape;
}
