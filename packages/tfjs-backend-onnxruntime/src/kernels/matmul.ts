/** Matrix products, with transposes, batches, bias and activation. */
import * as tf from '@tensorflow/tfjs';
import type { OnnxRuntimeBackend } from '../backend.js';
import type { Feed } from '../runtime/binding.js';
import { activate } from './activation.js';
import { allFloat, isLight, type KernelTable, type NativeKernel, oneNode, sizeOf } from './kernel.js';

/** `a b`, or with transposes of their last two axes, into memory that the caller provides. */
export function matmulInto(
  backend: OnnxRuntimeBackend,
  a: Feed,
  b: Feed,
  out: Feed,
  transA = false,
  transB = false,
): void {
  if (a.dims.at(transA ? -2 : -1) === 1) {
    // A column times a row has no sums, so nothing is gained from a product kernel, which lays out both first.
    const factors = [transA ? swapped(a) : a, transB ? swapped(b) : b];
    backend.runInto('Mul', () => oneNode('Mul', 2), factors, [out]);
    return;
  }
  if (!transA && !transB) {
    backend.runInto('MatMul', () => oneNode('MatMul', 2), [a, b], [out]);
    return;
  }
  const attributes = { transA: transA ? 1 : 0, transB: transB ? 1 : 0 };
  const program = () => oneNode('FusedMatMul', 2, attributes, 'com.microsoft');
  backend.runInto(`FusedMatMul ${transA} ${transB}`, program, [a, b], [out]);
}

/** A column read as a row, or a row as a column. */
function swapped(vector: Feed): Feed {
  const [rows, columns] = vector.dims.slice(-2) as [number, number];
  return { ...vector, dims: [...vector.dims.slice(0, -2), columns, rows] };
}

interface Product {
  readonly a: Feed;
  readonly b: Feed;
  readonly dims: number[];
  readonly shape: number[];
  /** Whether a JavaScript kernel shall compute it: there is little to do, and that kernel does it right. */
  readonly borrowed: boolean;
}

/** Shapes of a product; a single right matrix makes one large product of a whole batch. */
function productOf(
  backend: OnnxRuntimeBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transA: boolean,
  transB: boolean,
): Product {
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const rows = transA ? columnsA : rowsA;
  const columns = transB ? rowsB : columnsB;
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, rows, columns];
  const single = sizeOf(b.shape.slice(0, -2)) === 1;
  const inner = transA ? rowsA : columnsA;
  tf.util.assert(
    inner === (transB ? columnsB : rowsB),
    () =>
      `Error in matMul: inner shapes (${inner}) and (${transB ? columnsB : rowsB}) of Tensors with shapes ${a.shape} and ${b.shape} and transposeA=${transA} and transposeB=${transB} must match.`,
  );
  const work = sizeOf(shape) * inner;
  const sizes = [a, b].map((factor) => sizeOf(factor.shape.slice(0, -2)));
  // TensorFlow.js's cpu kernel goes wrong where a batch of several is repeated along some axis.
  const crossed = sizes.every((size) => size !== 1) && sizes.some((size) => size !== sizeOf(batch));
  const borrowed = work === 0 || (isLight(work, backend) && !crossed);
  if (single && !transA) {
    const dims = [sizeOf(batch) * rows, columns];
    return {
      a: backend.lend(a, [dims[0] as number, columnsA]),
      b: backend.lend(b, [rowsB, columnsB]),
      dims,
      shape,
      borrowed,
    };
  }
  return { a: backend.lend(a), b: backend.lend(b), dims: shape, shape, borrowed };
}

const batchMatMul: NativeKernel = ({ inputs, attrs, backend }) => {
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
  if (!allFloat(a, b)) return undefined;
  const transA = attrs.transposeA === true;
  const transB = attrs.transposeB === true;
  const product = productOf(backend, a, b, transA, transB);
  if (product.borrowed) return undefined;
  const out = backend.allocate({ shape: product.shape, dtype: 'float32' }, product.dims);
  matmulInto(backend, product.a, product.b, out, transA, transB);
  return backend.adopt(out, product.shape);
};

const fusedMatMul: NativeKernel = ({ inputs, attrs, backend }) => {
  const { a, b, bias, preluActivationWeights } = inputs as Record<'a' | 'b', tf.TensorInfo> &
    Partial<Record<'bias' | 'preluActivationWeights', tf.TensorInfo>>;
  if (!allFloat(a, b)) return undefined;
  const transA = attrs.transposeA === true;
  const transB = attrs.transposeB === true;
  const product = productOf(backend, a, b, transA, transB);
  if (product.borrowed) return undefined;
  const out = backend.allocate({ shape: product.shape, dtype: 'float32' }, product.dims);
  matmulInto(backend, product.a, product.b, out, transA, transB);
  const whole = { ...out, dims: product.shape };
  activate(backend, whole, { bias, prelu: preluActivationWeights, ...attrs });
  return backend.adopt(out, product.shape);
};

/** Kernels of matrix products. */
export const matmulKernels: KernelTable = { BatchMatMul: batchMatMul, _FusedMatMul: fusedMatMul };
