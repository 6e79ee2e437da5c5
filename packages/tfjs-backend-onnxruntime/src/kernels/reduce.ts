/** Reductions and softmax. */
import { integers, node } from '../onnx/index.js';
import type { Program } from '../runtime/session.js';
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

const reduction =
  (op: string): NativeKernel =>
  (call) => {
    const { attrs, backend } = call;
    const x = input(call, 'x');
    if (isSmall(sizeOf(x.shape), backend) || !allFloat(x) || x.shape.length === 0) return undefined;
    const axes = axesOf(attrs.axis ?? x.shape.map((_, axis) => axis), x.shape.length);
    const { kept, result } = reducedShapes(x.shape, axes, attrs.keepDims === true);
    const program = () =>
      floatProgram(1, [node(op, ['i0', 'axes'], ['o0'], { keepdims: 1 })], [integers('axes', axes)]);
    return backend.compute(`${op} ${axes}`, program, [backend.lend(x)], { shape: result, dtype: 'float32' }, kept);
  };

const extremum =
  (op: string): NativeKernel =>
  (call) => {
    const { attrs, backend } = call;
    const x = input(call, 'x');
    if (isSmall(sizeOf(x.shape), backend) || !allFloat(x) || x.shape.length === 0) return undefined;
    const [axis] = axesOf(attrs.axis, x.shape.length) as [number];
    const { kept, result } = reducedShapes(x.shape, [axis], false);
    const program = (): Program => ({
      nodes: [node(op, ['i0'], ['long'], { axis, keepdims: 1 }), node('Cast', ['long'], ['o0'], { to: 6 })],
      inputs: ['float32'],
      outputs: ['int32'],
    });
    return backend.compute(`${op} ${axis}`, program, [backend.lend(x)], { shape: result, dtype: 'int32' }, kept);
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
  Max: reduction('ReduceMax'),
  Min: reduction('ReduceMin'),
  Prod: reduction('ReduceProd'),
  ArgMax: extremum('ArgMax'),
  ArgMin: extremum('ArgMin'),
  Softmax: softmax('Softmax', 'logits'),
  LogSoftmax: softmax('LogSoftmax', 'logits'),
};
