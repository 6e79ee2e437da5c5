import type { Elements, WeightArray } from './array.js';

/** Outputs handled together, so that the strided side of the copy stays in the processor's cache. */
const block = 32;

const fresh = <T extends Elements>(data: T): T => new (data.constructor as new (length: number) => T)(data.length);

/** From disk to memory: a convolution kernel [out, in, kh, kw] becomes [kh, kw, in, out]; anything else stays. */
export function toMemory({ shape, data }: WeightArray): WeightArray {
  if (shape.length !== 4) return { shape, data };
  const [outputs, inputs, height, width] = shape as [number, number, number, number];
  const cells = height * width;
  const result = fresh(data);
  for (let start = 0; start < outputs; start += block) {
    const end = Math.min(start + block, outputs);
    for (let input = 0; input < inputs; input++) {
      for (let cell = 0; cell < cells; cell++) {
        const row = (cell * inputs + input) * outputs;
        const column = input * cells + cell;
        for (let out = start; out < end; out++) result[row + out] = data[out * inputs * cells + column]!;
      }
    }
  }
  return { shape: [height, width, inputs, outputs], data: result };
}

/** From memory to disk: a convolution kernel [kh, kw, in, out] becomes [out, in, kh, kw]; anything else stays. */
export function toDisk({ shape, data }: WeightArray): WeightArray {
  if (shape.length !== 4) return { shape, data };
  const [height, width, inputs, outputs] = shape as [number, number, number, number];
  const cells = height * width;
  const result = fresh(data);
  for (let start = 0; start < outputs; start += block) {
    const end = Math.min(start + block, outputs);
    for (let input = 0; input < inputs; input++) {
      for (let cell = 0; cell < cells; cell++) {
        const row = (cell * inputs + input) * outputs;
        const column = input * cells + cell;
        for (let out = start; out < end; out++) result[out * inputs * cells + column] = data[row + out]!;
      }
    }
  }
  return { shape: [outputs, inputs, height, width], data: result };
}

/** The shape on disk of a parameter in memory. */
export function shapeOnDisk(shape: readonly number[]): readonly number[] {
  return shape.length === 4 ? [shape[3]!, shape[2]!, shape[0]!, shape[1]!] : shape;
}
