/** Operations that move elements without computing: slices, concatenation, padding, transposition, gathering. */
import * as tf from '@tensorflow/tfjs';
import type { OnnxRuntimeBackend, OutputSpec } from '../backend.js';
import { node, type OnnxAttribute } from '../onnx/index.js';
import type { ElementType, Feed } from '../runtime/binding.js';
import { input, isSmall, type KernelTable, movable, type NativeKernel, sizeOf } from './kernel.js';

type Dtype = OutputSpec['dtype'];

const worth = (backend: OnnxRuntimeBackend, ...tensors: readonly tf.TensorInfo[]): boolean =>
  tensors.every(movable) && !isSmall(Math.max(...tensors.map(({ shape }) => sizeOf(shape))), backend);

const list = (values: readonly number[]): Feed => ({
  type: 'int64',
  data: BigInt64Array.from(values, BigInt),
  dims: [values.length],
  location: 'cpu',
});

interface Move {
  readonly op: string;
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  readonly inputs: readonly Feed[];
  readonly shape: readonly number[];
  readonly dims?: readonly number[];
  readonly dtype: tf.DataType;
}

/** Runs one moving operation; its numbers are inputs where ONNX allows, so that few programs serve many shapes. */
function move(backend: OnnxRuntimeBackend, { op, attributes = {}, inputs, shape, dims, dtype }: Move): tf.TensorInfo {
  const names = inputs.map((_, index) => `i${index}`);
  const program = () => ({
    nodes: [node(op, names, ['o0'], attributes)],
    inputs: inputs.map(({ type }) => type),
    outputs: [dtype as ElementType],
  });
  const key = `${op} ${inputs.map(({ type }) => type)} ${JSON.stringify(attributes)}`;
  return backend.compute(key, program, inputs, { shape, dtype: dtype as Dtype }, dims ?? shape);
}

/** Elements `begin` to `end` of each axis, every `step`-th of them. */
function slice(
  backend: OnnxRuntimeBackend,
  x: tf.TensorInfo,
  begin: readonly number[],
  end: readonly number[],
  steps: readonly number[],
  dims: readonly number[],
  shape = dims,
): tf.TensorInfo {
  const axes = x.shape.map((_, axis) => axis);
  const inputs = [backend.lend(x), list(begin), list(end), list(axes), list(steps)];
  return move(backend, { op: 'Slice', inputs, shape, dims, dtype: x.dtype });
}

const ones = (count: number): number[] => new Array<number>(count).fill(1);

const sliceKernel: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const x = input(call, 'x');
  if (!worth(backend, x) || x.shape.length === 0) return undefined;
  const [begin, size] = tf.slice_util.parseSliceParams(
    x as tf.Tensor,
    attrs.begin as number[],
    attrs.size as number[],
  ) as [number[], number[]];
  tf.slice_util.assertParamsValid(x as tf.Tensor, begin, size);
  if (sizeOf(size) === 0) return undefined;
  const end = begin.map((start, axis) => start + (size[axis] as number));
  return slice(backend, x, begin, end, ones(begin.length), size);
};

const stridedSlice: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const x = input(call, 'x');
  if (!worth(backend, x)) return undefined;
  const { finalShapeSparse, finalShape, isIdentity, begin, end, strides } = tf.slice_util.sliceInfo(
    x.shape,
    attrs.begin as number[],
    attrs.end as number[],
    attrs.strides as number[],
    attrs.beginMask as number,
    attrs.endMask as number,
    attrs.ellipsisMask as number,
    attrs.newAxisMask as number,
    attrs.shrinkAxisMask as number,
  );
  if (isIdentity || sizeOf(finalShape) === 0 || strides.some((step) => step < 0)) return undefined;
  return slice(backend, x, begin, end, strides, finalShapeSparse, finalShape);
};

const reverse: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const x = input(call, 'x');
  if (!worth(backend, x) || x.shape.length === 0) return undefined;
  const axes = tf.util.parseAxisParam(attrs.dims as number[], x.shape);
  const steps = x.shape.map((_, axis) => (axes.includes(axis) ? -1 : 1));
  const begin = steps.map((step, axis) => (step === 1 ? 0 : (x.shape[axis] as number) - 1));
  const end = steps.map((step, axis) => (step === 1 ? (x.shape[axis] as number) : -(x.shape[axis] as number) - 1));
  return slice(backend, x, begin, end, steps, x.shape);
};

/** Concatenates along an axis; `parts` are the sizes of that axis. */
function concatenate(
  backend: OnnxRuntimeBackend,
  tensors: readonly tf.TensorInfo[],
  outer: number,
  shape: readonly number[],
): tf.TensorInfo {
  const inputs = tensors.map((tensor) => backend.lend(tensor, [outer, sizeOf(tensor.shape) / outer]));
  const dims = [outer, sizeOf(shape) / outer];
  const dtype = (tensors[0] as tf.TensorInfo).dtype;
  return move(backend, { op: 'Concat', attributes: { axis: 1 }, inputs, shape, dims, dtype });
}

const concat: NativeKernel = ({ inputs, attrs, backend }) => {
  const all = Object.values(inputs);
  const first = all[0] as tf.TensorInfo;
  const [axis] = tf.util.parseAxisParam(attrs.axis as number, first.shape) as [number];
  const shapes = all.map(({ shape }) => shape);
  tf.backend_util.assertParamsConsistent(shapes, axis);
  const shape = tf.backend_util.computeOutShape(shapes, axis);
  const filled = all.filter((tensor) => sizeOf(tensor.shape) > 0);
  if (filled.length < 2 || !worth(backend, ...filled) || filled.some(({ dtype }) => dtype !== first.dtype)) {
    return undefined;
  }
  return concatenate(backend, filled, sizeOf(shape.slice(0, axis)), shape);
};

const pack: NativeKernel = ({ inputs, attrs, backend }) => {
  const all = Object.values(inputs);
  const first = all[0] as tf.TensorInfo;
  const same = all.every(({ shape, dtype }) => dtype === first.dtype && tf.util.arraysEqual(shape, first.shape));
  if (all.length < 2 || !same || !worth(backend, ...all)) return undefined;
  const axis = attrs.axis as number;
  if (axis < 0 || axis > first.shape.length) return undefined;
  const shape = [...first.shape.slice(0, axis), all.length, ...first.shape.slice(axis)];
  return concatenate(backend, all, sizeOf(shape.slice(0, axis)), shape);
};

const pad: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const x = input(call, 'x');
  const paddings = attrs.paddings as [number, number][];
  const shape = x.shape.map((size, axis) => size + (paddings[axis]?.[0] ?? 0) + (paddings[axis]?.[1] ?? 0));
  if (!worth(backend, x) || x.dtype !== 'float32' || x.shape.length === 0) return undefined;
  const value: Feed = {
    type: 'float32',
    data: Float32Array.of(attrs.constantValue as number),
    dims: [],
    location: 'cpu',
  };
  const amounts = [...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)];
  return move(backend, { op: 'Pad', inputs: [backend.lend(x), list(amounts), value], shape, dtype: x.dtype });
};

const transpose: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const x = input(call, 'x');
  if (!worth(backend, x) || x.shape.length < 2) return undefined;
  const perm = attrs.perm as number[];
  const shape = perm.map((axis) => x.shape[axis] as number);
  return move(backend, { op: 'Transpose', attributes: { perm }, inputs: [backend.lend(x)], shape, dtype: x.dtype });
};

const tile: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const x = input(call, 'x');
  const reps = attrs.reps as number[];
  const shape = x.shape.map((size, axis) => size * (reps[axis] as number));
  if (!movable(x) || isSmall(sizeOf(shape), backend) || x.shape.length === 0) return undefined;
  return move(backend, { op: 'Tile', inputs: [backend.lend(x), list(reps)], shape, dtype: x.dtype });
};

const gather: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const [x, indices] = [input(call, 'x'), input(call, 'indices')];
  const [axis] = tf.util.parseAxisParam(attrs.axis as number, x.shape) as [number];
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  if (attrs.batchDims !== 0 || indices.dtype !== 'int32' || !movable(x)) return undefined;
  if (isSmall(sizeOf(shape), backend) || sizeOf(x.shape) === 0) return undefined;
  const limit = x.shape[axis] as number;
  const numbers = backend.lend(indices).data as Int32Array;
  if (numbers.some((index) => index < 0 || index >= limit)) return undefined; // the cpu kernel says which
  return move(backend, {
    op: 'Gather',
    attributes: { axis },
    inputs: [backend.lend(x), backend.lend(indices)],
    shape,
    dtype: x.dtype,
  });
};

/** Changes of type that JavaScript and ONNX Runtime agree on; those from float to int differ for NaN. */
const castCodes: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  bool: { float32: 1, int32: 6 },
  int32: { float32: 1 },
  float32: { bool: 9 },
};

const cast: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const x = input(call, 'x');
  const dtype = attrs.dtype as tf.DataType;
  const to = castCodes[x.dtype]?.[dtype];
  if (to === undefined || !worth(backend, x)) return undefined;
  return move(backend, { op: 'Cast', attributes: { to }, inputs: [backend.lend(x)], shape: x.shape, dtype });
};

/** Kernels that move elements. */
export const layoutKernels: KernelTable = {
  Slice: sliceKernel,
  StridedSlice: stridedSlice,
  Reverse: reverse,
  Concat: concat,
  Pack: pack,
  PadV2: pad,
  Transpose: transpose,
  Tile: tile,
  GatherV2: gather,
  Cast: cast,
};
