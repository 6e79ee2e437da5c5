/** Pooling of NHWC images, and its gradients. */
import * as tf from '@tensorflow/tfjs';
import { node } from '../onnx/index.js';
import {
  allFloat,
  floatProgram,
  input,
  isSmall,
  type KernelCall,
  type KernelTable,
  type NativeKernel,
  oneNode,
  sizeOf,
} from './kernel.js';
import { fitsOnnx } from './window.js';

type PoolInfo = tf.backend_util.Conv2DInfo;
type Pair = number | [number, number];

function poolInfo(shape: readonly number[], attrs: KernelCall['attrs']): PoolInfo {
  return tf.backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    attrs.filterSize as Pair,
    attrs.strides as Pair,
    (attrs.dilations as Pair | undefined) ?? 1,
    attrs.pad as 'same',
    attrs.dimRoundingMode as 'floor',
  );
}

/**
 * Attributes of ONNX's pooling; undefined where padding reaches a whole window, which ONNX refuses, or where the result
 * has another size there.
 */
function windowOf(info: PoolInfo): Record<string, number[]> | undefined {
  const { top, left, bottom, right } = info.padInfo;
  if (!fitsOnnx(info)) return undefined;
  if (Math.max(top, bottom) >= info.filterHeight || Math.max(left, right) >= info.filterWidth) return undefined;
  const dilations = [info.dilationHeight, info.dilationWidth];
  return {
    kernel_shape: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    pads: [top, left, bottom, right],
    ...(Math.max(...dilations) > 1 && { dilations }),
  };
}

const keyOf = (attributes: Record<string, number[]>): string => Object.values(attributes).flat().join(' ');

const pool =
  (op: 'MaxPool' | 'AveragePool'): NativeKernel =>
  (call) => {
    const { backend, attrs } = call;
    const x = input(call, 'x');
    const info = poolInfo(x.shape, attrs);
    if (isSmall(sizeOf(x.shape), backend) || !allFloat(x) || sizeOf(info.outShape) === 0) return undefined;
    const attributes = windowOf(info);
    // Dilated averages came to ONNX later than the operator set in use.
    if (attributes === undefined || (attributes.dilations !== undefined && op === 'AveragePool')) return undefined;
    const program = () =>
      floatProgram(1, [
        node('Transpose', ['i0'], ['planes'], { perm: [0, 3, 1, 2] }),
        node(op, ['planes'], ['pooled'], attributes),
        node('Transpose', ['pooled'], ['o0'], { perm: [0, 2, 3, 1] }),
      ]);
    const spec = { shape: info.outShape, dtype: 'float32' } as const;
    return backend.compute(`${op} ${keyOf(attributes)}`, program, [backend.lend(x)], spec);
  };

/** Calls `visit` with the first element of each output pixel and of each input pixel in its window. */
function eachWindow(info: PoolInfo, visit: (output: number, windowPixels: readonly number[]) => void): void {
  const { batchSize, inHeight, inWidth, outHeight, outWidth, inChannels, padInfo } = info;
  let output = 0;
  for (let image = 0; image < batchSize; image++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        const pixels: number[] = [];
        for (let tapRow = 0; tapRow < info.filterHeight; tapRow++) {
          const y = row * info.strideHeight - padInfo.top + tapRow * info.dilationHeight;
          if (y < 0 || y >= inHeight) continue;
          for (let tapColumn = 0; tapColumn < info.filterWidth; tapColumn++) {
            const x = column * info.strideWidth - padInfo.left + tapColumn * info.dilationWidth;
            if (x >= 0 && x < inWidth) pixels.push(((image * inHeight + y) * inWidth + x) * inChannels);
          }
        }
        visit(output, pixels);
        output += inChannels;
      }
    }
  }
}

/** The gradient goes to the largest element of each window, the first of equal ones; ONNX Runtime says which it is. */
const maxPoolGrad: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const [dy, x] = [input(call, 'dy'), input(call, 'input')];
  if (isSmall(sizeOf(x.shape), backend) || !allFloat(dy, x)) return undefined;
  const info = poolInfo(x.shape, { ...attrs, dilations: 1 });
  const attributes = windowOf(info);
  if (attributes === undefined || sizeOf(info.outShape) === 0) return undefined;
  if (!tf.util.arraysEqual(info.outShape, dy.shape)) return undefined;
  const planar = [info.batchSize, info.inChannels, info.outHeight, info.outWidth];
  const places = backend.allocate({ shape: planar, dtype: 'int32' });
  const gradients = backend.scratch(planar);
  const program = () =>
    floatProgram(
      2,
      [
        node('Transpose', ['i0'], ['planes'], { perm: [0, 3, 1, 2] }),
        node('MaxPool', ['planes'], ['largest', 'places'], attributes),
        node('Cast', ['places'], ['o0'], { to: 6 }),
        node('Transpose', ['i1'], ['o1'], { perm: [0, 3, 1, 2] }),
      ],
      [],
      ['int32', 'float32'],
    );
  backend.runInto(
    `MaxPoolPlaces ${keyOf(attributes)}`,
    program,
    [backend.lend(x), backend.lend(dy)],
    [places, gradients],
  );
  const planes = backend.scratch([info.batchSize, info.inChannels, info.inHeight, info.inWidth]);
  scatterAdd(planes.data as Float32Array, places.data as Int32Array, gradients.data as Float32Array);
  backend.release(places);
  backend.release(gradients);
  const back = () => oneNode('Transpose', 1, { perm: [0, 2, 3, 1] });
  const dx = backend.compute('Transpose 0,2,3,1', back, [planes], { shape: x.shape, dtype: 'float32' });
  backend.release(planes);
  return dx;
};

/** Adds each value at its place; nothing else stays in `target`. */
function scatterAdd(target: Float32Array, places: Int32Array, values: Float32Array): void {
  target.fill(0);
  for (let index = 0; index < values.length; index++) {
    const place = places[index] as number;
    target[place] = (target[place] as number) + (values[index] as number);
  }
}

/** Every element of a window gets an equal share; as in TensorFlow.js, of the full window even at the border. */
const avgPoolGrad: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const [dy, x] = [input(call, 'dy'), input(call, 'input')];
  if (isSmall(sizeOf(x.shape), backend) || !allFloat(dy)) return undefined;
  const info = poolInfo(x.shape, { ...attrs, dilations: 1 });
  // The gradient is not told how the forward pass rounded.
  if (!tf.util.arraysEqual(info.outShape, dy.shape)) return undefined;
  const channels = info.inChannels;
  const share = 1 / (info.filterHeight * info.filterWidth);
  const gradient = backend.floats(dy);
  const out = backend.allocate({ shape: x.shape, dtype: 'float32' });
  const dx = out.data as Float32Array;
  dx.fill(0);
  eachWindow(info, (output, pixels) => {
    for (const pixel of pixels) {
      for (let c = 0; c < channels; c++) {
        dx[pixel + c] = (dx[pixel + c] as number) + (gradient[output + c] as number) * share;
      }
    }
  });
  return backend.adopt(out, x.shape);
};

/** Pooling kernels. */
export const poolKernels: KernelTable = {
  MaxPool: pool('MaxPool'),
  AvgPool: pool('AveragePool'),
  MaxPoolGrad: maxPoolGrad,
  AvgPoolGrad: avgPoolGrad,
};
