/** Batch normalisation with given statistics. */
import type * as tf from '@tensorflow/tfjs';
import type { OnnxRuntimeBackend } from '../backend.js';
import type { Feed } from '../runtime/binding.js';
import { feed } from '../runtime/session.js';
import { allFloat, input, isSmall, type KernelTable, type NativeKernel, oneNode, sizeOf } from './kernel.js';

/** `out` = `op` of the inputs; `out` may be one of them. */
function apply(backend: OnnxRuntimeBackend, op: string, inputs: readonly Feed[], out: Feed): void {
  backend.runInto(op, () => oneNode(op, inputs.length), inputs, [out]);
}

const vector = (values: Float32Array): Feed => feed(values, [1, values.length]);

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

/** TensorFlow.js's batch normalisation. */
export const batchNormKernels: KernelTable = { FusedBatchNorm: fusedBatchNorm };
