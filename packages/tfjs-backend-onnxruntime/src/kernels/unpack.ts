/** Cutting a tensor into the parts that one axis counts, which is also the gradient of stacking. */
import * as tf from '@tensorflow/tfjs';
import type { OutputSpec } from '../backend.js';
import { input, type KernelTable, type NativeKernel, sizeOf } from './kernel.js';

/**
 * Copies by plain loops, however small the parts: the cpu kernel finds the place of every element anew, which takes a
 * hundred times as long.
 */
const unpack: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const value = input(call, 'value');
  const { shape, dtype } = value;
  if (!['float32', 'int32', 'bool'].includes(dtype) || sizeOf(shape) === 0) return undefined;
  const [axis] = tf.util.parseAxisParam(attrs.axis as number, shape) as [number];
  const count = shape[axis] as number;
  const outer = sizeOf(shape.slice(0, axis));
  const inner = sizeOf(shape.slice(axis + 1));
  const source = backend.lend(value).data as Float32Array;
  const partShape = [...shape.slice(0, axis), ...shape.slice(axis + 1)];
  return Array.from({ length: count }, (_, index) => {
    const part = backend.allocate({ shape: partShape, dtype: dtype as OutputSpec['dtype'] });
    copyPart(source, part.data as Float32Array, { outer, inner, start: index * inner, step: count * inner });
    return backend.adopt(part, partShape);
  });
};

interface Stride {
  /** How many runs there are, and how long each is. */
  readonly outer: number;
  readonly inner: number;
  /** Where the first run starts, and how far apart two are. */
  readonly start: number;
  readonly step: number;
}

function copyPart(source: Float32Array, part: Float32Array, { outer, inner, start, step }: Stride): void {
  if (inner >= 32) {
    for (let run = 0; run < outer; run++) {
      const from = start + run * step;
      part.set(source.subarray(from, from + inner), run * inner);
    }
    return;
  }
  for (let run = 0; run < outer; run++) {
    const from = start + run * step;
    for (let i = 0; i < inner; i++) part[run * inner + i] = source[from + i] as number;
  }
}

/** Kernels that cut tensors into parts. */
export const unpackKernels: KernelTable = { Unpack: unpack };
