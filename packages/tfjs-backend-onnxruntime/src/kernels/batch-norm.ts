/** Batch normalisation: with given statistics, with those of the batch, and the gradient of the latter. */
import type * as tf from '@tensorflow/tfjs';
import type { OnnxRuntimeBackend } from '../backend.js';
import type { Feed } from '../runtime/binding.js';
import { feed } from '../runtime/session.js';
import { allFloat, input, isSmall, type KernelTable, type NativeKernel, oneNode, sizeOf } from './kernel.js';
import { matmulInto } from './matmul.js';

/** `out` = `op` of the inputs; `out` may be one of them. */
export function apply(backend: OnnxRuntimeBackend, op: string, inputs: readonly Feed[], out: Feed): void {
  backend.runInto(op, () => oneNode(op, inputs.length), inputs, [out]);
}

const vector = (values: Float32Array): Feed => feed(values, [1, values.length]);

/** Rows that are summed in single precision; the sums of such blocks are added in double precision. */
const blockRows = 256;

/** Sums over all rows times `factor`, one per channel; matrix products with a row of ones do it quickest. */
function rowSums(backend: OnnxRuntimeBackend, x: Feed, factor: number): Float32Array {
  const [rows, channels] = x.dims as [number, number];
  const values = x.data as Float32Array;
  const total = new Float64Array(channels);
  const add = (start: number, blocks: number, height: number) => {
    const part = values.subarray(start * channels, (start + blocks * height) * channels);
    const ones = feed(new Float32Array(height).fill(1), [1, height]);
    const sums = new Float32Array(blocks * channels);
    matmulInto(backend, ones, feed(part, [blocks, height, channels]), feed(sums, [blocks, 1, channels]));
    for (let index = 0; index < sums.length; index++) {
      total[index % channels] = (total[index % channels] as number) + (sums[index] as number);
    }
  };
  const whole = Math.floor(rows / blockRows);
  if (whole > 0) add(0, whole, blockRows);
  if (rows > whole * blockRows) add(whole * blockRows, 1, rows - whole * blockRows);
  return Float32Array.from(total, (sum) => sum * factor);
}

/** The mask of a rectifier, from its output: `dy` where `y` is above zero, else 0. */
function unrectify(backend: OnnxRuntimeBackend, y: Feed, dy: Feed, out: Feed): void {
  const flags = backend.allocate({ shape: out.dims, dtype: 'bool' });
  const zero = feed(new Float32Array(1), [1]);
  const comparison = () => ({ ...oneNode('Greater', 2), outputs: ['bool' as const] });
  backend.runInto('Greater', comparison, [y, zero], [flags]);
  const cast = () => ({ ...oneNode('Cast', 1, { to: 1 }), inputs: ['bool' as const] });
  backend.runInto('Cast bool float32', cast, [flags], [out]);
  apply(backend, 'Mul', [out, dy], out);
  backend.release(flags);
}

const columns = (tensor: tf.TensorInfo): [number, number] => {
  const channels = tensor.shape[tensor.shape.length - 1] as number;
  return [sizeOf(tensor.shape) / channels, channels];
};

/** TensorFlow.js's kernel, with statistics given as one vector each. */
const fusedBatchNorm: NativeKernel = (call) => {
  const { backend, attrs, inputs } = call;
  const [x, mean, variance] = ['x', 'mean', 'variance'].map((name) => input(call, name)) as [
    tf.TensorInfo,
    tf.TensorInfo,
    tf.TensorInfo,
  ];
  const { scale, offset } = inputs;
  const dims = columns(x);
  const parameters = [mean, variance, scale, offset].filter((tensor) => tensor !== undefined);
  const perChannel = parameters.every(({ shape }) => shape.length === 1 && shape[0] === dims[1]);
  if (isSmall(sizeOf(x.shape), backend) || !allFloat(x, ...parameters) || !perChannel) return undefined;
  const [m, v] = [backend.floats(mean), backend.floats(variance)];
  const s = scale === undefined ? undefined : backend.floats(scale);
  const o = offset === undefined ? undefined : backend.floats(offset);
  const factor = v.map((value, c) => (s?.[c] ?? 1) / Math.sqrt(value + (attrs.varianceEpsilon as number)));
  const shift = m.map((value, c) => (o?.[c] ?? 0) - value * (factor[c] as number));
  const out = backend.allocate({ shape: x.shape, dtype: 'float32' }, dims);
  apply(backend, 'Mul', [backend.lend(x, dims), vector(factor)], out);
  apply(backend, 'Add', [out, vector(shift)], out);
  return backend.adopt(out, x.shape);
};

/**
 * `FsmrBatchNormTrain`: inputs x [..., C], scale, offset [C] and optionally residual [..., C]; returns y and the batch's
 * mean and biased variance. The variance is taken from centred values, as the difference of squares would lose digits.
 */
const batchNormTrain: NativeKernel = (call) => {
  const { backend, attrs, inputs } = call;
  const x = input(call, 'x');
  const scale = backend.floats(input(call, 'scale'));
  const offset = backend.floats(input(call, 'offset'));
  const dims = columns(x);
  const [rows, channels] = dims;
  const mean = rowSums(backend, backend.lend(x, dims), 1 / rows);
  const y = backend.allocate({ shape: x.shape, dtype: 'float32' }, dims);
  const centred = backend.scratch(dims);
  apply(backend, 'Sub', [backend.lend(x, dims), vector(mean)], centred);
  apply(backend, 'Mul', [centred, centred], y);
  const variance = rowSums(backend, y, 1 / rows);
  const epsilon = attrs.epsilon as number;
  const factor = variance.map((value, c) => (scale[c] as number) / Math.sqrt(value + epsilon));
  apply(backend, 'Mul', [centred, vector(factor)], y);
  backend.release(centred);
  apply(backend, 'Add', [y, vector(offset)], y);
  if (inputs.residual !== undefined) apply(backend, 'Add', [y, backend.lend(inputs.residual, dims)], y);
  if (attrs.relu === true) apply(backend, 'Relu', [y], y);
  const statistic = (values: Float32Array) => backend.makeTensorInfo([channels], 'float32', values);
  return [backend.adopt(y, x.shape), statistic(mean), statistic(variance)];
};

/**
 * `FsmrBatchNormTrainGrad`: inputs x, y, dy [..., C], scale, mean, variance [C]; returns dx, dscale, doffset and, with the
 * attribute `residual`, dresidual. With g the gradient before the rectifier and h = x - mean:
 * dx = scale / sd * (g - mean(g) - h / sd^2 * mean(g h)).
 */
const batchNormTrainGrad: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const x = input(call, 'x');
  const dims = columns(x);
  const [rows, channels] = dims;
  const values = (name: string) => backend.floats(input(call, name));
  const [scale, mean, variance] = [values('scale'), values('mean'), values('variance')];
  const dy = backend.lend(input(call, 'dy'), dims);
  const epsilon = attrs.epsilon as number;
  const rectified = attrs.relu === true;
  const g = rectified ? backend.allocate({ shape: x.shape, dtype: 'float32' }, dims) : dy;
  if (rectified) unrectify(backend, backend.lend(input(call, 'y'), dims), dy, g);
  const doffset = rowSums(backend, g, 1);
  const centred = backend.scratch(dims);
  apply(backend, 'Sub', [backend.lend(x, dims), vector(mean)], centred);
  const dx = backend.allocate({ shape: x.shape, dtype: 'float32' }, dims);
  apply(backend, 'Mul', [g, centred], dx);
  const covariance = rowSums(backend, dx, 1);
  const dscale = covariance.map((value, c) => value / Math.sqrt((variance[c] as number) + epsilon));
  const factor = scale.map((value, c) => value / Math.sqrt((variance[c] as number) + epsilon));
  const slope = factor.map(
    (value, c) => (-value * (covariance[c] as number)) / (rows * ((variance[c] as number) + epsilon)),
  );
  const shift = factor.map((value, c) => (-value * (doffset[c] as number)) / rows);
  apply(backend, 'Mul', [centred, vector(slope)], centred);
  apply(backend, 'Add', [centred, vector(shift)], centred);
  apply(backend, 'Mul', [g, vector(factor)], dx);
  apply(backend, 'Add', [dx, centred], dx);
  backend.release(centred);
  const parameter = (gradient: Float32Array) => backend.makeTensorInfo([channels], 'float32', gradient);
  const gradients = [backend.adopt(dx, x.shape), parameter(dscale), parameter(doffset)];
  if (attrs.residual === true) {
    if (rectified) return [...gradients, backend.adopt(g, x.shape)];
    const copy = backend.allocate({ shape: x.shape, dtype: 'float32' }, dims);
    (copy.data as Float32Array).set(g.data as Float32Array);
    return [...gradients, backend.adopt(copy, x.shape)];
  }
  if (rectified) backend.release(g);
  return gradients;
};

/** TensorFlow.js's batch normalisation. */
export const batchNormKernels: KernelTable = { FusedBatchNorm: fusedBatchNorm };

/** Batch normalisation in training, under our own names. */
export const ownBatchNormKernels: KernelTable = {
  FsmrBatchNormTrain: batchNormTrain,
  FsmrBatchNormTrainGrad: batchNormTrainGrad,
};
