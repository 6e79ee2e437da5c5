/**
 * Winograd's minimal filtering F(2x2, 3x3): 3x3 convolutions of stride 1 and their gradients with 16 multiplications
 * where 36 are usual, and with four numbers laid out per pixel where nine are.
 *
 * A tile of 2x2 output pixels reads 4x4 input pixels. Small matrices take pixels, kernels and results to sixteen places
 * and back; at each place a convolution is one matrix product over the channels. Tables of row numbers carry padding and
 * dilation. The matrices hold nothing but 0, 1 and 1/2, so that rounding errors stay below twice those of the direct sum.
 *
 * Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016, section 4.1. The kernel's
 * gradient is the adjoint of the same trilinear form.
 */
import type { OnnxRuntimeBackend } from '../backend.js';
import type { Feed } from '../runtime/binding.js';
import { feed } from '../runtime/session.js';
import { gatherRows } from './gather.js';
import { oneNode } from './kernel.js';
import { matmulInto } from './matmul.js';
import type { Geometry } from './rows.js';
import { inputTiles, outputPixels, outputTiles, tileCount } from './tiles.js';

/** Below this many channels the transformations cost more than the products save. */
const fewestChannels = 32;
/** Bytes at the sixteen places at a time, so that they stay in the caches, ... */
const cachedBytes = 4 * 2 ** 20;
/** ... but so many tiles at least, as each portion reads the whole kernel. */
const fewestTiles = 512;
/** The same where every portion adds to the whole kernel. */
const summedBytes = 40 * 2 ** 20;
const places = 16;

/** Whether a convolution can be, and is better, computed this way. */
export const isWinograd = (g: Geometry): boolean =>
  g.kernelHeight === 3 &&
  g.kernelWidth === 3 &&
  g.strideHeight === 1 &&
  g.strideWidth === 1 &&
  Math.min(g.inChannels, g.outChannels) >= fewestChannels;

type Matrix = readonly (readonly number[])[];

/** On one axis, four input pixels to four places, three taps to four places, and four places to two output pixels. */
const inputAxis: Matrix = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, 1, 0, -1],
];
const kernelAxis: Matrix = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, 1],
];
const outputAxis: Matrix = [
  [1, 1, 1, 0],
  [0, 1, -1, -1],
];

const flipped = (matrix: Matrix): Matrix => matrix.map((row) => [...row].reverse());
const transposed = (matrix: Matrix): Matrix =>
  (matrix[0] as readonly number[]).map((_, column) => matrix.map((row) => row[column] as number));

/** The same on both axes, as one matrix: Kronecker's product with itself. */
function onBothAxes(axis: Matrix): Feed {
  const values = axis.flatMap((rowA) => axis.flatMap((rowB) => rowA.flatMap((a) => rowB.map((b) => a * b))));
  return feed(Float32Array.from(values), [axis.length ** 2, (axis[0] as readonly number[]).length ** 2]);
}

const transformations = {
  input: onBothAxes(inputAxis),
  kernel: onBothAxes(kernelAxis),
  flippedKernel: onBothAxes(flipped(kernelAxis)),
  output: onBothAxes(outputAxis),
  outputGradient: onBothAxes(transposed(outputAxis)),
  kernelGradient: onBothAxes(transposed(kernelAxis)),
};

/** `matrix` times `values`; a row holds everything at one place. */
function transform(backend: OnnxRuntimeBackend, matrix: Feed, values: Float32Array, out: Float32Array): void {
  const [to, from] = matrix.dims as [number, number];
  matmulInto(backend, matrix, feed(values, [from, values.length / from]), feed(out, [to, out.length / to]));
}

/** Runs `work` with scratch memory of these lengths. */
function withScratch(
  backend: OnnxRuntimeBackend,
  lengths: readonly number[],
  work: (...memory: Float32Array[]) => void,
): void {
  const feeds = lengths.map((length) => backend.scratch([length]));
  work(...feeds.map(({ data }) => data as Float32Array));
  for (const item of feeds) backend.release(item);
}

/** Tiles at a time: equal portions that take up to `bytes` at the sixteen places. */
function portionOf(g: Geometry, bytes: number): number {
  const total = tileCount(g);
  const most = Math.max(fewestTiles, Math.floor(bytes / (4 * places * Math.max(g.inChannels, g.outChannels))));
  return Math.ceil(total / Math.ceil(total / most));
}

/** `source` convolved with kernels that are at the sixteen places, [16, in, out] or, `turned`, [16, out, in]. */
function convolvePlaces(
  backend: OnnxRuntimeBackend,
  source: Feed,
  kernels: Feed,
  turned: boolean,
  g: Geometry,
  out: Float32Array,
): void {
  const total = tileCount(g);
  const portion = portionOf(g, cachedBytes);
  const most = places * portion * Math.max(g.inChannels, g.outChannels);
  withScratch(backend, [4 * total * g.outChannels, most, most], (results, a, b) => {
    for (let from = 0; from < total; from += portion) {
      const count = Math.min(portion, total - from);
      const read = places * count * g.inChannels;
      const written = places * count * g.outChannels;
      gatherRows(backend, source, inputTiles(g, from, count), a.subarray(0, read));
      transform(backend, transformations.input, a.subarray(0, read), b.subarray(0, read));
      const pixels = feed(b.subarray(0, read), [places, count, g.inChannels]);
      const products = feed(a.subarray(0, written), [places, count, g.outChannels]);
      matmulInto(backend, pixels, kernels, products, false, turned);
      const part = results.subarray(4 * from * g.outChannels, 4 * (from + count) * g.outChannels);
      transform(backend, transformations.output, a.subarray(0, written), part);
    }
    gatherRows(backend, feed(results, [4 * total, g.outChannels]), outputPixels(g, portion), out);
  });
}

/** `out [B, outH, outW, outC]` = `x` convolved with `kernel [3, 3, inC, outC]`; `x` has a row of zeros behind. */
export function winogradConvolve(
  backend: OnnxRuntimeBackend,
  x: Feed,
  kernel: Float32Array,
  g: Geometry,
  out: Float32Array,
): void {
  const matrix = g.inChannels * g.outChannels;
  withScratch(backend, [places * matrix], (kernels) => {
    transform(backend, transformations.kernel, kernel, kernels);
    convolvePlaces(backend, x, feed(kernels, [places, g.inChannels, g.outChannels]), false, g, out);
  });
}

/** The gradient with respect to the image: a convolution of `dy` with the kernel turned in space and channels. */
export function winogradInputGradient(
  backend: OnnxRuntimeBackend,
  dy: Feed,
  kernel: Float32Array,
  g: Geometry,
  dx: Float32Array,
): void {
  const back: Geometry = {
    ...g,
    inHeight: g.outHeight,
    inWidth: g.outWidth,
    inChannels: g.outChannels,
    outHeight: g.inHeight,
    outWidth: g.inWidth,
    outChannels: g.inChannels,
    padTop: 2 * g.dilationHeight - g.padTop,
    padLeft: 2 * g.dilationWidth - g.padLeft,
  };
  withScratch(backend, [places * g.inChannels * g.outChannels], (kernels) => {
    transform(backend, transformations.flippedKernel, kernel, kernels);
    convolvePlaces(backend, dy, feed(kernels, [places, g.inChannels, g.outChannels]), true, back, dx);
  });
}

/**
 * The gradient with respect to the kernel; `x` and `dy` have a row of zeros behind.
 *
 * @param bytes most that lies at the sixteen places at a time.
 */
export function winogradKernelGradient(
  backend: OnnxRuntimeBackend,
  x: Feed,
  dy: Feed,
  g: Geometry,
  dw: Float32Array,
  bytes = summedBytes,
): void {
  const total = tileCount(g);
  const portion = portionOf(g, bytes);
  const matrix = places * g.inChannels * g.outChannels;
  const [pixels, gradients] = [places * portion * g.inChannels, places * portion * g.outChannels];
  const dims = [places, g.inChannels, g.outChannels];
  withScratch(backend, [Math.max(pixels, gradients), pixels, gradients, matrix], (laidOut, a, b, sum) => {
    for (let from = 0; from < total; from += portion) {
      const count = Math.min(portion, total - from);
      const at = (values: Float32Array, channels: number) => values.subarray(0, places * count * channels);
      gatherRows(backend, x, inputTiles(g, from, count), at(laidOut, g.inChannels));
      transform(backend, transformations.input, at(laidOut, g.inChannels), at(a, g.inChannels));
      const results = laidOut.subarray(0, 4 * count * g.outChannels);
      gatherRows(backend, dy, outputTiles(g, from, count), results);
      transform(backend, transformations.outputGradient, results, at(b, g.outChannels));
      const left = feed(at(a, g.inChannels), [places, count, g.inChannels]);
      const right = feed(at(b, g.outChannels), [places, count, g.outChannels]);
      if (from === 0) {
        matmulInto(backend, left, right, feed(sum, dims), true);
        continue;
      }
      withScratch(backend, [matrix], (part) => {
        matmulInto(backend, left, right, feed(part, dims), true);
        const flat = (values: Float32Array) => feed(values, [matrix]);
        backend.runInto('Add', () => oneNode('Add', 2), [flat(sum), flat(part)], [flat(sum)]);
      });
    }
    transform(backend, transformations.kernelGradient, sum, dw);
  });
}
