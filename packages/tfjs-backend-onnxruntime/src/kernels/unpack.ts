/** Cutting a tensor into parts along an axis, which is also the gradient of stacking and of concatenation. */
import * as tf from '@tensorflow/tfjs';
import type { OnnxRuntimeBackend, OutputSpec } from '../backend.js';
import { input, type KernelTable, movable, type NativeKernel, sizeOf } from './kernel.js';

/**
 * Parts of so many entries of an axis, in order. Copies by plain loops, however small the parts: the cpu kernels find the
 * place of every element anew, which takes a hundred times as long.
 *
 * @param shapeOf the shape that a part of so many entries has
 * @returns undefined for a tensor that the cpu kernels shall cut
 */
function cut(
  backend: OnnxRuntimeBackend,
  x: tf.TensorInfo,
  axis: number,
  sizes: readonly number[],
  shapeOf: (size: number) => number[],
): tf.TensorInfo[] | undefined {
  const { shape, dtype } = x;
  if (!movable(x) || sizeOf(shape) === 0) return undefined;
  const outer = sizeOf(shape.slice(0, axis));
  const entry = sizeOf(shape.slice(axis + 1));
  const step = (shape[axis] as number) * entry;
  const source = backend.lend(x).data as Float32Array;
  let start = 0;
  return sizes.map((size) => {
    const inner = size * entry;
    const partShape = shapeOf(size);
    const part = backend.allocate({ shape: partShape, dtype: dtype as OutputSpec['dtype'] });
    copyPart(source, part.data as Float32Array, { outer, inner, start, step });
    start += inner;
    return backend.adopt(part, partShape);
  });
}

const unpack: NativeKernel = (call) => {
  const x = input(call, 'value');
  const [axis] = tf.util.parseAxisParam(call.attrs.axis as number, x.shape) as [number];
  const shape = [...x.shape.slice(0, axis), ...x.shape.slice(axis + 1)];
  return cut(call.backend, x, axis, new Array<number>(x.shape[axis] as number).fill(1), () => shape);
};

const split: NativeKernel = (call) => {
  const x = input(call, 'x');
  const [axis] = tf.util.parseAxisParam(call.attrs.axis as number, x.shape) as [number];
  const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, call.attrs.numOrSizeSplits as number[], axis);
  return cut(call.backend, x, axis, sizes, (size) => x.shape.with(axis, size));
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
export const unpackKernels: KernelTable = { Unpack: unpack, SplitV: split };
