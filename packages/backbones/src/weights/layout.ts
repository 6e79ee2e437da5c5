import type { Elements, WeightArray } from './array.js';

/** Outputs handled together, so that the strided side of the copy stays in the processor's cache. */
const block = 32;

const fresh = <T extends Elements>(data: T): T => new (data.constructor as new (length: number) => T)(data.length);

/**
 * Visits a kernel so that both of its layouts stay in the cache: a block of outputs lies in a row in memory, from
 * `row + start`, and on disk every `stride`, from `column + start * stride`.
 */
function visitBlocks(
  [outputs, inputs, cells]: readonly [outputs: number, inputs: number, cells: number],
  copy: (start: number, end: number, row: number, column: number) => void,
): void {
  for (let start = 0; start < outputs; start += block) {
    const end = Math.min(start + block, outputs);
    for (let input = 0; input < inputs; input++) {
      for (let cell = 0; cell < cells; cell++)
        copy(start, end, (cell * inputs + input) * outputs, input * cells + cell);
    }
  }
}

/** From disk to memory: a convolution kernel [out, in, kh, kw] becomes [kh, kw, in, out]; anything else stays. */
export function toMemory({ shape, data }: WeightArray): WeightArray {
  if (shape.length !== 4) return { shape, data };
  const [outputs, inputs, height, width] = shape as [number, number, number, number];
  const result = fresh(data);
  const stride = inputs * height * width;
  visitBlocks([outputs, inputs, height * width], (start, end, row, column) => {
    for (let out = start; out < end; out++) result[row + out] = data[out * stride + column]!;
  });
  return { shape: [height, width, inputs, outputs], data: result };
}

/** From memory to disk: a convolution kernel [kh, kw, in, out] becomes [out, in, kh, kw]; anything else stays. */
export function toDisk({ shape, data }: WeightArray): WeightArray {
  if (shape.length !== 4) return { shape, data };
  const [height, width, inputs, outputs] = shape as [number, number, number, number];
  const result = fresh(data);
  const stride = inputs * height * width;
  visitBlocks([outputs, inputs, height * width], (start, end, row, column) => {
    for (let out = start; out < end; out++) result[out * stride + column] = data[row + out]!;
  });
  return { shape: [outputs, inputs, height, width], data: result };
}

/** The shape on disk of a parameter in memory. */
export function shapeOnDisk(shape: readonly number[]): readonly number[] {
  return shape.length === 4 ? [shape[3]!, shape[2]!, shape[0]!, shape[1]!] : shape;
}
