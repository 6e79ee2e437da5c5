/** Reductions and softmax. */
import type { OnnxRuntimeBackend } from '../backend.js';
import { floats, integers, node } from '../onnx/index.js';
import { feed } from '../runtime/session.js';
import {
  allFloat,
  axesOf,
  floatProgram,
  input,
  isSmall,
  type KernelTable,
  type NativeKernel,
  oneNode,
  sizeOf,
} from './kernel.js';

/** Shapes of a reduction: the result as TensorFlow.js wants it, and with the reduced axes kept. */
function reducedShapes(shape: readonly number[], axes: readonly number[], keep: boolean) {
  const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return { kept, result: keep ? kept : shape.filter((_, axis) => !axes.includes(axis)) };
}

/** Elements that are summed in single precision; the sums of such blocks are added in double precision. */
const block = 256;

/** The sum of all elements. A single run over many would lose digits. */
function wholeSum(backend: OnnxRuntimeBackend, values: Float32Array): number {
  const blocks = Math.floor(values.length / block);
  let total = 0;
  if (blocks > 0) {
    const sums = feed(new Float32Array(blocks), [blocks, 1]);
    const rows = feed(values.subarray(0, blocks * block), [blocks, block]);
    const program = () =>
      floatProgram(1, [node('ReduceSum', ['i0', 'axes'], ['o0'], { keepdims: 1 })], [integers('axes', [1])]);
    backend.runInto('ReduceSum 1', program, [rows], [sums]);
    for (const sum of sums.data as Float32Array) total += sum;
  }
  for (let index = blocks * block; index < values.length; index++) total += values[index] as number;
  return total;
}

const reduction =
  (op: string): NativeKernel =>
  (call) => {
    const { attrs, backend } = call;
    const x = input(call, 'x');
    if (isSmall(sizeOf(x.shape), backend) || !allFloat(x) || x.shape.length === 0) return undefined;
    const axes = axesOf(attrs.axis ?? x.shape.map((_, axis) => axis), x.shape.length);
    // ONNX takes no axes for all.
    if (axes.length === 0) return undefined;
    const { kept, result } = reducedShapes(x.shape, axes, attrs.keepDims === true);
    if (op !== 'ReduceProd' && sizeOf(kept) === 1) {
      const sum = wholeSum(backend, backend.floats(x));
      const value = op === 'ReduceMean' ? sum / sizeOf(x.shape) : sum;
      return backend.makeTensorInfo(result, 'float32', Float32Array.of(value));
    }
    const program = () =>
      floatProgram(1, [node(op, ['i0', 'axes'], ['o0'], { keepdims: 1 })], [integers('axes', axes)]);
    return backend.compute(`${op} ${axes}`, program, [backend.lend(x)], { shape: result, dtype: 'float32' }, kept);
  };

/** The largest or smallest value; not a number where there is one among them, which ONNX's own reduction may skip. */
const extremum =
  (op: string): NativeKernel =>
  (call) => {
    const { attrs, backend } = call;
    const x = input(call, 'x');
    if (isSmall(sizeOf(x.shape), backend) || !allFloat(x) || x.shape.length === 0) return undefined;
    const given = attrs.reductionIndices ?? attrs.axis ?? x.shape.map((_, axis) => axis);
    const axes = axesOf(given, x.shape.length);
    if (axes.length === 0) return undefined;
    const { kept, result } = reducedShapes(x.shape, axes, attrs.keepDims === true);
    const program = () =>
      floatProgram(
        1,
        [
          node(op, ['i0', 'axes'], ['value'], { keepdims: 1 }),
          node('IsNaN', ['i0'], ['flags']),
          node('Cast', ['flags'], ['numbers'], { to: 1 }),
          node('ReduceMax', ['numbers', 'axes'], ['number'], { keepdims: 1 }),
          node('Cast', ['number'], ['flag'], { to: 9 }),
          node('Where', ['flag', 'nan', 'value'], ['o0']),
        ],
        [integers('axes', axes), floats('nan', [Number.NaN], [])],
      );
    return backend.compute(`${op} ${axes}`, program, [backend.lend(x)], { shape: result, dtype: 'float32' }, kept);
  };

const softmax =
  (op: string, tensor: string): NativeKernel =>
  (call) => {
    const { backend } = call;
    const x = input(call, tensor);
    if (isSmall(sizeOf(x.shape), backend) || !allFloat(x)) return undefined;
    const last = x.shape[x.shape.length - 1] ?? 1;
    const rows = [sizeOf(x.shape) / last, last];
    const spec = { shape: x.shape, dtype: 'float32' } as const;
    return backend.compute(op, () => oneNode(op, 1, { axis: 1 }), [backend.lend(x, rows)], spec, rows);
  };

/** Kernels that reduce axes, and softmax. */
export const reduceKernels: KernelTable = {
  Sum: reduction('ReduceSum'),
  Mean: reduction('ReduceMean'),
  Max: extremum('ReduceMax'),
  Min: extremum('ReduceMin'),
  Prod: reduction('ReduceProd'),
  Softmax: softmax('Softmax', 'logits'),
  LogSoftmax: softmax('LogSoftmax', 'logits'),
};
