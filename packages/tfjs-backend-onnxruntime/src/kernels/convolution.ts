/**
 * Convolution of NHWC images and its two gradients, as matrix products.
 *
 * A table of row numbers says which input pixel each kernel tap of each output pixel reads; one gather by that table
 * lays the pixels out, and one product with the kernel, in the layout TensorFlow.js has it, does the rest. Stride,
 * padding and dilation live in the table alone. This needs no layout change of images or kernels, and was as quick as
 * ONNX Runtime's own convolution with those changes.
 */
import type * as tf from '@tensorflow/tfjs';
import type { OnnxRuntimeBackend } from '../backend.js';
import type { Feed } from '../runtime/binding.js';
import { feed } from '../runtime/session.js';
import { gatherRows } from './gather.js';
import { oneNode } from './kernel.js';
import { matmulInto } from './matmul.js';
import { type Geometry, gradientRows, inputRows, isPointwise, tapRows } from './rows.js';
import { isSingleChannel, singleConvolve, singleInputGradient, singleKernelGradient } from './single-channel.js';
import { isWinograd, winogradConvolve, winogradInputGradient, winogradKernelGradient } from './winograd.js';

/** Most bytes of laid out pixels at a time. */
const columnBytes = 48 * 2 ** 20;

/** Lays out `taps` rows for each of `count` results and multiplies them with `kernel`, in portions. */
function gatherProduct(
  backend: OnnxRuntimeBackend,
  source: Feed,
  rows: Int32Array,
  taps: number,
  kernel: Feed,
  out: Float32Array,
): void {
  const [inner, outWidth] = kernel.dims as [number, number];
  const count = rows.length / taps;
  const portion = Math.max(1, Math.min(count, Math.floor(columnBytes / (inner * 4))));
  const columns = backend.scratch([portion, inner]);
  for (let start = 0; start < count; start += portion) {
    const length = Math.min(portion, count - start);
    const laidOut = (columns.data as Float32Array).subarray(0, length * inner);
    gatherRows(backend, source, rows.subarray(start * taps, (start + length) * taps), laidOut);
    const part = out.subarray(start * outWidth, (start + length) * outWidth);
    matmulInto(backend, feed(laidOut, [length, inner]), kernel, feed(part, [length, outWidth]));
  }
  backend.release(columns);
}

/** `out [B, outH, outW, outC]` = `x [B, inH, inW, inC]` convolved with `kernel [kh, kw, inC, outC]`. */
export function convolve(
  backend: OnnxRuntimeBackend,
  x: tf.TensorInfo,
  kernel: Float32Array,
  g: Geometry,
  out: Float32Array,
): void {
  if (isSingleChannel(g)) {
    singleConvolve(backend, backend.lend(x), kernel, g, out);
    return;
  }
  const taps = g.kernelHeight * g.kernelWidth;
  const weights = feed(kernel, [taps * g.inChannels, g.outChannels]);
  if (isPointwise(g)) {
    const pixels = g.batch * g.inHeight * g.inWidth;
    matmulInto(backend, backend.lend(x, [pixels, g.inChannels]), weights, feed(out, [pixels, g.outChannels]));
    return;
  }
  backend.withZeroRow(x, g.inChannels, (source) => {
    if (isWinograd(g)) winogradConvolve(backend, source, kernel, g, out);
    else gatherProduct(backend, source, inputRows(g), taps, weights, out);
  });
}

/** Gradient with respect to the image: the kernel's channels change places, and the table runs the other way. */
export function convolutionInputGradient(
  backend: OnnxRuntimeBackend,
  dy: tf.TensorInfo,
  kernel: Float32Array,
  g: Geometry,
  dx: Float32Array,
): void {
  if (isSingleChannel(g)) {
    singleInputGradient(backend, backend.lend(dy), kernel, g, dx);
    return;
  }
  if (g.kernelHeight * g.kernelWidth === 1) {
    pointwiseInputGradient(backend, dy, kernel, g, dx);
    return;
  }
  backend.withZeroRow(dy, g.outChannels, (source) => {
    if (isWinograd(g)) winogradInputGradient(backend, source, kernel, g, dx);
    else gatheredInputGradient(backend, source, kernel, g, dx);
  });
}

function pointwiseInputGradient(
  backend: OnnxRuntimeBackend,
  dy: tf.TensorInfo,
  kernel: Float32Array,
  g: Geometry,
  dx: Float32Array,
): void {
  const pixels = g.batch * g.outHeight * g.outWidth;
  const weights = feed(kernel, [g.inChannels, g.outChannels]);
  const values = backend.lend(dy, [pixels, g.outChannels]);
  if (isPointwise(g)) {
    matmulInto(backend, values, weights, feed(dx, [pixels, g.inChannels]), false, true);
    return;
  }
  const spread = backend.scratch([pixels + 1, g.inChannels]);
  const data = spread.data as Float32Array;
  data.fill(0, pixels * g.inChannels);
  const product = feed(data.subarray(0, pixels * g.inChannels), [pixels, g.inChannels]);
  matmulInto(backend, values, weights, product, false, true);
  gatherRows(backend, spread, gradientRows(g), dx);
  backend.release(spread);
}

function gatheredInputGradient(
  backend: OnnxRuntimeBackend,
  dy: Feed,
  kernel: Float32Array,
  g: Geometry,
  dx: Float32Array,
): void {
  const taps = g.kernelHeight * g.kernelWidth;
  const weights = backend.scratch([taps, g.outChannels, g.inChannels]);
  backend.runInto(
    'Transpose 0,2,1',
    () => oneNode('Transpose', 1, { perm: [0, 2, 1] }),
    [feed(kernel, [taps, g.inChannels, g.outChannels])],
    [weights],
  );
  const turned = feed(weights.data as Float32Array, [taps * g.outChannels, g.inChannels]);
  gatherProduct(backend, dy, gradientRows(g), taps, turned, dx);
  backend.release(weights);
}

/** Gradient with respect to the kernel: for each tap, the pixels it read times the gradients it fed. */
export function convolutionKernelGradient(
  backend: OnnxRuntimeBackend,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  g: Geometry,
  dw: Float32Array,
): void {
  if (isSingleChannel(g)) {
    singleKernelGradient(backend, backend.lend(x), backend.lend(dy), g, dw);
    return;
  }
  const gradients = backend.lend(dy, [g.batch * g.outHeight * g.outWidth, g.outChannels]);
  if (isPointwise(g)) {
    const pixels = backend.lend(x, [g.batch * g.inHeight * g.inWidth, g.inChannels]);
    matmulInto(backend, pixels, gradients, feed(dw, [g.inChannels, g.outChannels]), true);
    return;
  }
  backend.withZeroRow(x, g.inChannels, (source) => {
    if (!isWinograd(g)) {
      gatheredKernelGradient(backend, source, gradients, g, dw);
      return;
    }
    backend.withZeroRow(dy, g.outChannels, (upstream) => {
      winogradKernelGradient(backend, source, upstream, g, dw);
    });
  });
}

function gatheredKernelGradient(
  backend: OnnxRuntimeBackend,
  source: Feed,
  gradients: Feed,
  g: Geometry,
  dw: Float32Array,
): void {
  const results = gradients.dims[0] as number;
  const taps = g.kernelHeight * g.kernelWidth;
  // Few channels make each tap's product too thin: then all taps go together.
  const together = g.inChannels < 32 && results * taps * g.inChannels * 4 <= columnBytes ? taps : 1;
  const width = together * g.inChannels;
  const columns = backend.scratch([results, width]);
  for (let tap = 0; tap < taps; tap += together) {
    const rows = together === 1 ? tapRows(g, tap) : inputRows(g);
    gatherRows(backend, source, rows, columns.data as Float32Array);
    const target = dw.subarray(tap * g.inChannels * g.outChannels, (tap * g.inChannels + width) * g.outChannels);
    matmulInto(backend, columns, gradients, feed(target, [width, g.outChannels]), true);
  }
  backend.release(columns);
}
