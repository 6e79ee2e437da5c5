/** Resizing as two matrix products, one an axis; its gradient is the transposed products. */
import type { OnnxRuntimeBackend } from '../backend.js';
import type { Feed } from '../runtime/binding.js';
import { feed } from '../runtime/session.js';
import { allFloat, input, isSmall, type KernelCall, type KernelTable, type NativeKernel, sizeOf } from './kernel.js';
import { matmulInto } from './matmul.js';

/** How positions of the result map to the source; names and rounding as in TensorFlow.js's cpu kernel. */
interface Sampling {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** Row r holds the shares with which source positions make up result r. */
function interpolation(source: number, result: number, { alignCorners, halfPixelCenters }: Sampling): Feed {
  const matrix = new Float32Array(result * source);
  const ratio = alignCorners && result > 1 ? (source - 1) / (result - 1) : source / result;
  for (let row = 0; row < result; row++) {
    const place = halfPixelCenters ? ratio * (row + 0.5) - 0.5 : ratio * row;
    const low = Math.max(0, Math.floor(place));
    const high = Math.min(source - 1, Math.ceil(place));
    const share = place - low;
    matrix[row * source + low] = (matrix[row * source + low] as number) + 1 - share;
    matrix[row * source + high] = (matrix[row * source + high] as number) + share;
  }
  return feed(matrix, [result, source]);
}

/** Row r is one at the source position that result r copies. */
function selection(source: number, result: number, { alignCorners, halfPixelCenters }: Sampling): Feed {
  const matrix = new Float32Array(result * source);
  const ratio = alignCorners && result > 1 ? (source - 1) / (result - 1) : source / result;
  for (let row = 0; row < result; row++) {
    const exact = ratio * (halfPixelCenters ? row + 0.5 : row);
    const place = alignCorners ? Math.round(exact) : Math.floor(exact);
    matrix[row * source + Math.min(source - 1, place)] = 1;
  }
  return feed(matrix, [result, source]);
}

/** Multiplies the height and width of `x [B, H, W, C]` with a matrix each, from the left. */
function resample(
  backend: OnnxRuntimeBackend,
  x: Float32Array,
  [batch, height, width, channels]: readonly [number, number, number, number],
  rows: Feed,
  columns: Feed,
  transposed: boolean,
): Feed {
  const outHeight = rows.dims[transposed ? 1 : 0] as number;
  const outWidth = columns.dims[transposed ? 1 : 0] as number;
  const between = backend.scratch([batch, outHeight, width, channels]);
  const tall = feed(between.data as Float32Array, [batch, outHeight, width * channels]);
  matmulInto(backend, rows, feed(x, [batch, height, width * channels]), tall, transposed);
  const out = backend.allocate({ shape: [batch, outHeight, outWidth, channels], dtype: 'float32' });
  const strips = feed(between.data as Float32Array, [batch * outHeight, width, channels]);
  matmulInto(backend, columns, strips, { ...out, dims: [batch * outHeight, outWidth, channels] }, transposed);
  backend.release(between);
  return out;
}

type Shape4 = [number, number, number, number];

/** Whether a product with zeros is zero: a matrix would spread what is infinite or no number over the whole image. */
function allFinite(values: Float32Array): boolean {
  let sum = 0;
  for (const value of values) sum += 0 * value;
  return sum === 0;
}

const samplingOf = ({ alignCorners, halfPixelCenters }: KernelCall['attrs']): Sampling => ({
  alignCorners: alignCorners === true,
  halfPixelCenters: halfPixelCenters === true,
});

const resizeBilinear: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const images = input(call, 'images');
  const [height, width] = attrs.size as [number, number];
  const [batch, inHeight, inWidth, channels] = images.shape as Shape4;
  const shape = [batch, height, width, channels];
  if (!allFloat(images) || isSmall(sizeOf(shape), backend) || sizeOf(images.shape) === 0) return undefined;
  const values = backend.floats(images);
  if (!allFinite(values)) return undefined;
  const sampling = samplingOf(attrs);
  const rows = interpolation(inHeight, height, sampling);
  const columns = interpolation(inWidth, width, sampling);
  const out = resample(backend, values, images.shape as Shape4, rows, columns, false);
  return backend.adopt(out, shape);
};

/** With half-pixel centres small ones too: TensorFlow.js's gradients know nothing of them. */
const resizeBilinearGrad: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const [images, dy] = [input(call, 'images'), input(call, 'dy')];
  const sampling = samplingOf(attrs);
  if (!allFloat(images, dy) || sizeOf(images.shape) === 0 || sizeOf(dy.shape) === 0) return undefined;
  if (isSmall(sizeOf(dy.shape), backend) && !sampling.halfPixelCenters) return undefined;
  const values = backend.floats(dy);
  if (!allFinite(values) && !sampling.halfPixelCenters) return undefined;
  const rows = interpolation(images.shape[1] as number, dy.shape[1] as number, sampling);
  const columns = interpolation(images.shape[2] as number, dy.shape[2] as number, sampling);
  const out = resample(backend, values, dy.shape as Shape4, rows, columns, true);
  return backend.adopt(out, images.shape);
};

/** Small ones too: TensorFlow.js's cpu kernel reads every image but the first at the wrong place. */
const resizeNearestGrad: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const [images, dy] = [input(call, 'images'), input(call, 'dy')];
  if (!allFloat(images, dy) || sizeOf(images.shape) === 0 || sizeOf(dy.shape) === 0) return undefined;
  const sampling = samplingOf(attrs);
  const rows = selection(images.shape[1] as number, dy.shape[1] as number, sampling);
  const columns = selection(images.shape[2] as number, dy.shape[2] as number, sampling);
  const out = resample(backend, backend.floats(dy), dy.shape as Shape4, rows, columns, true);
  return backend.adopt(out, images.shape);
};

/** Resizing kernels. */
export const resizeKernels: KernelTable = {
  ResizeBilinear: resizeBilinear,
  ResizeBilinearGrad: resizeBilinearGrad,
  ResizeNearestNeighborGrad: resizeNearestGrad,
};
