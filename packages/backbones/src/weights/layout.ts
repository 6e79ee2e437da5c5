import type { Elements, WeightArray } from './array.js';

/** Outputs handled together, so that the strided side of the copy stays in the processor's cache. */
const block = 32;

/** Copies between [out, in, kh kw] and [kh kw, in, out]: `disk` counts along the first, `memory` along the second. */
function exchange(outputs: number, inputs: number, cells: number, copy: (disk: number, memory: number) => void): void {
  for (let start = 0; start < outputs; start += block) {
    const end = Math.min(start + block, outputs);
    for (let input = 0; input < inputs; input++) {
      for (let cell = 0; cell < cells; cell++) {
        for (let out = start; out < end; out++) {
          copy((out * inputs + input) * cells + cell, (cell * inputs + input) * outputs + out);
        }
      }
    }
  }
}

const fresh = <T extends Elements>(data: T): T => new (data.constructor as new (length: number) => T)(data.length);

/** From disk to memory: a convolution kernel [out, in, kh, kw] becomes [kh, kw, in, out]; anything else stays. */
export function toMemory({ shape, data }: WeightArray): WeightArray {
  if (shape.length !== 4) return { shape, data };
  const [outputs, inputs, height, width] = shape as [number, number, number, number];
  const result = fresh(data);
  exchange(outputs, inputs, height * width, (disk, memory) => {
    result[memory] = data[disk]!;
  });
  return { shape: [height, width, inputs, outputs], data: result };
}

/** From memory to disk: a convolution kernel [kh, kw, in, out] becomes [out, in, kh, kw]; anything else stays. */
export function toDisk({ shape, data }: WeightArray): WeightArray {
  if (shape.length !== 4) return { shape, data };
  const [height, width, inputs, outputs] = shape as [number, number, number, number];
  const result = fresh(data);
  exchange(outputs, inputs, height * width, (disk, memory) => {
    result[disk] = data[memory]!;
  });
  return { shape: [outputs, inputs, height, width], data: result };
}

/** The shape on disk of a parameter in memory. */
export function shapeOnDisk(shape: readonly number[]): readonly number[] {
  return shape.length === 4 ? [shape[3]!, shape[2]!, shape[0]!, shape[1]!] : shape;
}
