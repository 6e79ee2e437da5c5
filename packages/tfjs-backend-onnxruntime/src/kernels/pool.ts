/** Pooling of NHWC images: forward on ONNX Runtime, backward in plain loops, which touch each value once. */
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
  sizeOf,
} from './kernel.js';

type PoolInfo = tf.backend_util.Conv2DInfo;
type Pair = number | [number, number];

function poolInfo(shape: readonly number[], _type: 'max' | 'avg', attrs: KernelCall['attrs']): PoolInfo {
  return tf.backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    attrs.filterSize as Pair,
    attrs.strides as Pair,
    (attrs.dilations as Pair | undefined) ?? 1,
    attrs.pad as 'same',
    attrs.dimRoundingMode as 'floor',
  );
}

const pool =
  (op: 'MaxPool' | 'AveragePool', type: 'max' | 'avg'): NativeKernel =>
  (call) => {
    const { backend, attrs } = call;
    const x = input(call, 'x');
    const info = poolInfo(x.shape, type, attrs);
    if (isSmall(sizeOf(x.shape), backend) || !allFloat(x) || sizeOf(info.outShape) === 0) return undefined;
    const { top, left, bottom, right } = info.padInfo;
    const dilated = info.dilationHeight > 1 || info.dilationWidth > 1;
    const outside = Math.max(top, bottom) >= info.filterHeight || Math.max(left, right) >= info.filterWidth;
    if (outside || (dilated && op === 'AveragePool')) return undefined; // ONNX has neither
    const attributes = {
      kernel_shape: [info.filterHeight, info.filterWidth],
      strides: [info.strideHeight, info.strideWidth],
      ...(dilated && { dilations: [info.dilationHeight, info.dilationWidth] }),
      pads: [top, left, bottom, right],
    };
    const program = () =>
      floatProgram(1, [
        node('Transpose', ['i0'], ['planes'], { perm: [0, 3, 1, 2] }),
        node(op, ['planes'], ['pooled'], attributes),
        node('Transpose', ['pooled'], ['o0'], { perm: [0, 2, 3, 1] }),
      ]);
    const key = `${op} ${Object.values(attributes).flat().join(' ')}`;
    return backend.compute(key, program, [backend.lend(x)], { shape: info.outShape, dtype: 'float32' });
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

/** The gradient goes to the largest element of each window, the first of equal ones. */
const maxPoolGrad: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const [dy, x] = [input(call, 'dy'), input(call, 'input')];
  if (isSmall(sizeOf(x.shape), backend) || !allFloat(dy, x)) return undefined;
  const info = poolInfo(x.shape, 'max', { ...attrs, dilations: 1 });
  const channels = info.inChannels;
  const [gradient, values] = [backend.floats(dy), backend.floats(x)];
  const out = backend.allocate({ shape: x.shape, dtype: 'float32' });
  const dx = out.data as Float32Array;
  dx.fill(0);
  const best = new Float32Array(channels);
  const place = new Int32Array(channels);
  eachWindow(info, (output, pixels) => {
    const first = pixels[0];
    if (first === undefined) return;
    for (let c = 0; c < channels; c++) {
      best[c] = values[first + c] as number;
      place[c] = first + c;
    }
    for (let tap = 1; tap < pixels.length; tap++) {
      const pixel = pixels[tap] as number;
      for (let c = 0; c < channels; c++) {
        const value = values[pixel + c] as number;
        if (value > (best[c] as number)) {
          best[c] = value;
          place[c] = pixel + c;
        }
      }
    }
    for (let c = 0; c < channels; c++) {
      const target = place[c] as number;
      dx[target] = (dx[target] as number) + (gradient[output + c] as number);
    }
  });
  return backend.adopt(out, x.shape);
};

/** Every element of a window gets an equal share; as in TensorFlow.js, of the full window even at the border. */
const avgPoolGrad: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const [dy, x] = [input(call, 'dy'), input(call, 'input')];
  if (isSmall(sizeOf(x.shape), backend) || !allFloat(dy)) return undefined;
  const info = poolInfo(x.shape, 'avg', { ...attrs, dilations: 1 });
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
  MaxPool: pool('MaxPool', 'max'),
  AvgPool: pool('AveragePool', 'avg'),
  MaxPoolGrad: maxPoolGrad,
  AvgPoolGrad: avgPoolGrad,
};
