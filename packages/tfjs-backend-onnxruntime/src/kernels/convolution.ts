/**
 * Convolution of NHWC images and its two gradients, as matrix products.
 *
 * A table of row numbers says which input pixel each kernel tap of each output pixel reads; one gather by that table
 * lays the pixels out, and one product with the kernel, in the layout TensorFlow.js has it, does the rest. Stride,
 * padding and dilation live in the table alone. This needs no layout change of images or kernels, and was as quick as
 * ONNX Runtime's own convolution with those changes.
 */
import type { OnnxRuntimeBackend } from '../backend.js';
import { node } from '../onnx/index.js';
import type { Feed } from '../runtime/binding.js';
import { feed } from '../runtime/session.js';
import { oneNode } from './kernel.js';
import { matmulInto } from './matmul.js';
import { type Geometry, gradientRows, inputRows, isPointwise, tapRows } from './rows.js';

/** Most bytes of laid out pixels at a time. */
const columnBytes = 48 * 2 ** 20;

const gather = {
  key: 'Gather rows',
  program: () => ({
    nodes: [node('Gather', ['i0', 'i1'], ['o0'])],
    inputs: ['float32', 'int32'] as const,
    outputs: ['float32'] as const,
  }),
};

/** Rows of `table` by number, into `out`. */
function gatherRows(
  backend: OnnxRuntimeBackend,
  table: Feed,
  rows: Int32Array,
  width: number,
  out: Float32Array,
): void {
  const numbers: Feed = { type: 'int32', data: rows, dims: [rows.length], location: 'cpu' };
  backend.runInto(gather.key, gather.program, [table, numbers], [feed(out, [rows.length, width])]);
}

/** A copy with a row of zeros at the end, which stands for every pixel outside the image. */
function withZeroRow(backend: OnnxRuntimeBackend, values: Float32Array, rows: number, width: number): Feed {
  const padded = backend.scratch([rows + 1, width]);
  const data = padded.data as Float32Array;
  data.set(values);
  data.fill(0, rows * width);
  return padded;
}

/** Lays out `taps` rows for each of `count` results and multiplies them with `kernel`, in portions. */
function gatherProduct(
  backend: OnnxRuntimeBackend,
  source: Feed,
  rows: Int32Array,
  taps: number,
  kernel: Feed,
  out: Float32Array,
): void {
  const width = source.dims[1] as number;
  const [inner, outWidth] = kernel.dims as [number, number];
  const count = rows.length / taps;
  const portion = Math.max(1, Math.min(count, Math.floor(columnBytes / (inner * 4))));
  const columns = backend.scratch([portion, inner]);
  for (let start = 0; start < count; start += portion) {
    const length = Math.min(portion, count - start);
    const laidOut = (columns.data as Float32Array).subarray(0, length * inner);
    gatherRows(backend, source, rows.subarray(start * taps, (start + length) * taps), width, laidOut);
    const part = out.subarray(start * outWidth, (start + length) * outWidth);
    matmulInto(backend, feed(laidOut, [length, inner]), kernel, feed(part, [length, outWidth]));
  }
  backend.release(columns);
}

/** `out [B, outH, outW, outC]` = `x [B, inH, inW, inC]` convolved with `kernel [kh, kw, inC, outC]`. */
export function convolve(
  backend: OnnxRuntimeBackend,
  x: Float32Array,
  kernel: Float32Array,
  g: Geometry,
  out: Float32Array,
): void {
  const pixels = g.batch * g.inHeight * g.inWidth;
  const taps = g.kernelHeight * g.kernelWidth;
  const weights = feed(kernel, [taps * g.inChannels, g.outChannels]);
  if (isPointwise(g)) {
    matmulInto(backend, feed(x, [pixels, g.inChannels]), weights, feed(out, [pixels, g.outChannels]));
    return;
  }
  const source = withZeroRow(backend, x, pixels, g.inChannels);
  gatherProduct(backend, source, inputRows(g), taps, weights, out);
  backend.release(source);
}

/** Gradient with respect to the image: the kernel's channels change places, and the table runs the other way. */
export function convolutionInputGradient(
  backend: OnnxRuntimeBackend,
  dy: Float32Array,
  kernel: Float32Array,
  g: Geometry,
  dx: Float32Array,
): void {
  const pixels = g.batch * g.outHeight * g.outWidth;
  const taps = g.kernelHeight * g.kernelWidth;
  if (taps === 1) {
    const weights = feed(kernel, [g.inChannels, g.outChannels]);
    const values = feed(dy, [pixels, g.outChannels]);
    if (isPointwise(g)) {
      matmulInto(backend, values, weights, feed(dx, [pixels, g.inChannels]), false, true);
      return;
    }
    const spread = backend.scratch([pixels + 1, g.inChannels]);
    const data = spread.data as Float32Array;
    data.fill(0, pixels * g.inChannels);
    const product = feed(data.subarray(0, pixels * g.inChannels), [pixels, g.inChannels]);
    matmulInto(backend, values, weights, product, false, true);
    gatherRows(backend, spread, gradientRows(g), g.inChannels, dx);
    backend.release(spread);
    return;
  }
  const weights = backend.scratch([taps, g.outChannels, g.inChannels]);
  backend.runInto(
    'Transpose 0,2,1',
    () => oneNode('Transpose', 1, { perm: [0, 2, 1] }),
    [feed(kernel, [taps, g.inChannels, g.outChannels])],
    [weights],
  );
  const source = withZeroRow(backend, dy, pixels, g.outChannels);
  const flipped = feed(weights.data as Float32Array, [taps * g.outChannels, g.inChannels]);
  gatherProduct(backend, source, gradientRows(g), taps, flipped, dx);
  backend.release(source);
  backend.release(weights);
}

/** Gradient with respect to the kernel: for each tap, the pixels it read times the gradients it fed. */
export function convolutionKernelGradient(
  backend: OnnxRuntimeBackend,
  x: Float32Array,
  dy: Float32Array,
  g: Geometry,
  dw: Float32Array,
): void {
  const pixels = g.batch * g.inHeight * g.inWidth;
  const results = g.batch * g.outHeight * g.outWidth;
  const gradients = feed(dy, [results, g.outChannels]);
  if (isPointwise(g)) {
    const target = feed(dw, [g.inChannels, g.outChannels]);
    matmulInto(backend, feed(x, [pixels, g.inChannels]), gradients, target, true);
    return;
  }
  const source = withZeroRow(backend, x, pixels, g.inChannels);
  const taps = g.kernelHeight * g.kernelWidth;
  // Few channels make each tap's product too thin: then all taps go together.
  const together = g.inChannels < 32 && results * taps * g.inChannels * 4 <= columnBytes ? taps : 1;
  const width = together * g.inChannels;
  const columns = backend.scratch([results, width]);
  for (let tap = 0; tap < taps; tap += together) {
    const rows = together === 1 ? tapRows(g, tap) : inputRows(g);
    gatherRows(backend, source, rows, g.inChannels, columns.data as Float32Array);
    const target = dw.subarray(tap * g.inChannels * g.outChannels, (tap * g.inChannels + width) * g.outChannels);
    matmulInto(backend, columns, gradients, feed(target, [width, g.outChannels]), true);
  }
  backend.release(columns);
  backend.release(source);
}
