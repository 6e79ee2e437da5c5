/**
 * Winograd's minimal filtering: 3x3 convolutions of stride 1 and their gradients with less than half of the
 * multiplications, and with four numbers laid out per pixel or fewer where nine are usual.
 *
 * Small matrices take pixels, kernels and results of a tile to some places and back; at each place a convolution is one
 * matrix product over the channels. Tables of row numbers carry padding and dilation. All of it is one native call where
 * the tiles fit the caches, so that threads stay awake.
 *
 * Forward, tiles are small: their rounding errors are below twice those of the direct sum, and a rectifier makes more of an
 * error than its size. Gradients are linear in their errors, so tiles may be large there.
 *
 * Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016, section 4.1. The kernel's
 * gradient is the adjoint of the same trilinear form.
 */
import type { OnnxRuntimeBackend } from '../backend.js';
import type { Feed } from '../runtime/binding.js';
import { feed } from '../runtime/session.js';
import { gatherRows } from './gather.js';
import { oneNode, sizeOf } from './kernel.js';
import { matmulInto } from './matmul.js';
import { largeTiles, type MinimalFilter, smallTiles } from './minimal-filter.js';
import type { Geometry } from './rows.js';
import { inputTiles, outputPixels, outputTiles, tileCount } from './tiles.js';
import { allTilesProgram, kernelMatrix, tileGradientProgram, tileProgram } from './winograd-programs.js';

/** Below this many channels the transformations cost more than the products save. */
const fewestChannels = 32;
/** Bytes at the places at a time, so that they stay in the caches, ... */
const cachedBytes = 4 * 2 ** 20;
/** ... but so many pixels of results at least, as each portion reads the whole kernel. */
const fewestPixels = 2048;
/** Bytes at the places where every portion adds to the whole kernel. */
const summedBytes = 40 * 2 ** 20;
/** Moving a number of a kernel to its places and reading it there takes as long as so many multiplications. */
const kernelCost = 70;

/** Whether a convolution can be, and is better, computed this way. */
export const isWinograd = (g: Geometry): boolean =>
  g.kernelHeight === 3 &&
  g.kernelWidth === 3 &&
  g.strideHeight === 1 &&
  g.strideWidth === 1 &&
  Math.min(g.inChannels, g.outChannels) >= fewestChannels;

/** The quicker tiles for a gradient. */
export function gradientTiles(g: Geometry): MinimalFilter {
  const cost = ({ tile, places }: MinimalFilter) => places * (tileCount(g, tile) + kernelCost);
  return cost(largeTiles) < cost(smallTiles) ? largeTiles : smallTiles;
}

const flat = (values: Float32Array): Feed => feed(values, [values.length]);
const integers = (data: Int32Array, dims: readonly number[]): Feed => ({ type: 'int32', data, dims, location: 'cpu' });
const sizes = (...dims: readonly number[]): Feed => ({
  type: 'int64',
  data: BigInt64Array.from(dims, BigInt),
  dims: [dims.length],
  location: 'cpu',
});

/** The first elements of memory that may be longer. */
const start = (memory: Float32Array, ...dims: readonly number[]): Feed => feed(memory.subarray(0, sizeOf(dims)), dims);

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

/** Tiles at a time: equal portions that take up to `bytes` at the places. */
function portionOf(g: Geometry, { tile, places }: MinimalFilter, bytes: number): number {
  const total = tileCount(g, tile);
  const fewest = Math.ceil(fewestPixels / tile ** 2);
  const most = Math.max(fewest, Math.floor(bytes / (4 * places * Math.max(g.inChannels, g.outChannels))));
  return Math.ceil(total / Math.ceil(total / most));
}

/** `source` convolved with `kernel` [3, 3, in, out] or, `turned` by half a turn, [3, 3, out, in]. */
function convolveTiles(
  backend: OnnxRuntimeBackend,
  filter: MinimalFilter,
  source: Feed,
  kernel: Float32Array,
  turned: boolean,
  g: Geometry,
  out: Float32Array,
): void {
  const { tile, places } = filter;
  const total = tileCount(g, tile);
  const portion = portionOf(g, filter, cachedBytes);
  const most = places * portion * Math.max(g.inChannels, g.outChannels);
  const matrix = places * g.inChannels * g.outChannels;
  const channels = turned ? [g.outChannels, g.inChannels] : [g.inChannels, g.outChannels];
  const back = outputPixels(g, tile, portion);
  withScratch(backend, [tile ** 2 * total * g.outChannels, most, most, matrix], (results, a, b, kernels) => {
    const tiles = (from: number) => {
      const count = Math.min(portion, total - from);
      const part = results.subarray(tile ** 2 * from * g.outChannels, tile ** 2 * (from + count) * g.outChannels);
      return {
        inputs: [
          source,
          integers(inputTiles(g, tile, from, count), [places, count]),
          sizes(places, count, g.inChannels),
        ],
        outputs: [
          start(a, places, count, g.inChannels),
          start(b, places, count * g.inChannels),
          start(a, places, count, g.outChannels),
          feed(part, [tile ** 2, count * g.outChannels]),
        ],
      };
    };
    const pixels = feed(out, [back.length, g.outChannels]);
    if (portion === total) {
      const { inputs, outputs } = tiles(0);
      backend.runInto(
        `All tiles ${tile} ${turned}`,
        () => allTilesProgram(filter, turned),
        [
          ...inputs,
          feed(kernel, [9, g.inChannels * g.outChannels]),
          sizes(places, ...channels),
          sizes(tile ** 2 * total, g.outChannels),
          integers(back, [back.length]),
        ],
        [...outputs, feed(kernels, [places, g.inChannels * g.outChannels]), pixels],
      );
      return;
    }
    transform(backend, kernelMatrix(filter, turned), kernel, kernels);
    for (let from = 0; from < total; from += portion) {
      const { inputs, outputs } = tiles(from);
      const program = () => tileProgram(filter, turned);
      backend.runInto(`Tiles ${tile} ${turned}`, program, [...inputs, feed(kernels, [places, ...channels])], outputs);
    }
    gatherRows(backend, feed(results, [tile ** 2 * total, g.outChannels]), back, out);
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
  convolveTiles(backend, smallTiles, x, kernel, false, g, out);
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
  convolveTiles(backend, gradientTiles(back), dy, kernel, true, back, dx);
}

/**
 * The gradient with respect to the kernel; `x` and `dy` have a row of zeros behind.
 *
 * @param bytes most that lies at the places at a time.
 */
export function winogradKernelGradient(
  backend: OnnxRuntimeBackend,
  x: Feed,
  dy: Feed,
  g: Geometry,
  dw: Float32Array,
  bytes = summedBytes,
): void {
  const filter = gradientTiles(g);
  const { tile, places } = filter;
  const total = tileCount(g, tile);
  const portion = portionOf(g, filter, bytes);
  const matrix = places * g.inChannels * g.outChannels;
  const pixels = places * portion * g.inChannels;
  const [results, gradients] = [tile ** 2 * portion * g.outChannels, places * portion * g.outChannels];
  const all = portion === total;
  const run = (from: number, memory: readonly Float32Array[], product: Float32Array) => {
    const count = Math.min(portion, total - from);
    const at = (index: number, ...dims: readonly number[]) => start(memory[index] as Float32Array, ...dims);
    backend.runInto(
      `Tiles gradient ${tile} ${all}`,
      () => tileGradientProgram(filter, all),
      [
        x,
        integers(inputTiles(g, tile, from, count), [places, count]),
        sizes(places, count, g.inChannels),
        dy,
        integers(outputTiles(g, tile, from, count), [tile ** 2, count]),
        sizes(places, count, g.outChannels),
      ],
      [
        at(0, places, count, g.inChannels),
        at(1, places, count * g.inChannels),
        at(2, tile ** 2, count, g.outChannels),
        at(3, places, count * g.outChannels),
        feed(product, [places, g.inChannels, g.outChannels]),
        ...(all ? [feed(dw, [9, g.inChannels * g.outChannels])] : []),
      ],
    );
  };
  withScratch(backend, [pixels, pixels, results, gradients, matrix], (...memory) => {
    const sum = memory[4] as Float32Array;
    run(0, memory, sum);
    for (let from = portion; from < total; from += portion) {
      withScratch(backend, [matrix], (part) => {
        run(from, memory, part);
        backend.runInto('Add', () => oneNode('Add', 2), [flat(sum), flat(part)], [flat(sum)]);
      });
    }
    if (!all) transform(backend, filter.kernelGradient, sum, dw);
  });
}
