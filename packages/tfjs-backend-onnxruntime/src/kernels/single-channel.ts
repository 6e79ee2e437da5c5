/**
 * Convolution of one channel to one, and its gradients. Such maps lie in memory as ONNX has them, so its own operations
 * read them in place, where a table of rows would name every pixel once for each tap of the kernel.
 */
import type { OnnxRuntimeBackend } from '../backend.js';
import type { Feed } from '../runtime/binding.js';
import { feed } from '../runtime/session.js';
import { oneNode } from './kernel.js';
import type { Geometry } from './rows.js';

/**
 * How far windows reach beyond the image at its top, left, bottom and right, as ONNX lists paddings; below zero where they
 * leave rows or columns at its end unread.
 */
function padsOf(g: Geometry): number[] {
  const end = (inner: number, out: number, stride: number, dilation: number, taps: number, before: number) =>
    (out - 1) * stride + dilation * (taps - 1) + 1 - inner - before;
  return [
    g.padTop,
    g.padLeft,
    end(g.inHeight, g.outHeight, g.strideHeight, g.dilationHeight, g.kernelHeight, g.padTop),
    end(g.inWidth, g.outWidth, g.strideWidth, g.dilationWidth, g.kernelWidth, g.padLeft),
  ];
}

/** True where a convolution reads one channel, gives one, and its windows end where the padded image does. */
export function isSingleChannel(g: Geometry): boolean {
  return g.inChannels === 1 && g.outChannels === 1 && padsOf(g).every((pad) => pad >= 0);
}

function run(
  backend: OnnxRuntimeBackend,
  op: string,
  inputs: readonly [Feed, Feed],
  attributes: Readonly<Record<string, number[]>>,
  out: Feed,
): void {
  const key = `Single ${op} ${JSON.stringify(attributes)}`;
  backend.runInto(key, () => oneNode(op, 2, attributes), inputs, [out]);
}

const attributesOf = (g: Geometry) => ({
  kernel_shape: [g.kernelHeight, g.kernelWidth],
  strides: [g.strideHeight, g.strideWidth],
  dilations: [g.dilationHeight, g.dilationWidth],
  pads: padsOf(g),
});

const images = (g: Geometry): number[] => [g.batch, 1, g.inHeight, g.inWidth];
const results = (g: Geometry): number[] => [g.batch, 1, g.outHeight, g.outWidth];
const kernels = (g: Geometry): number[] => [1, 1, g.kernelHeight, g.kernelWidth];

/** The convolution itself. */
export function singleConvolve(
  backend: OnnxRuntimeBackend,
  x: Feed,
  kernel: Float32Array,
  g: Geometry,
  out: Float32Array,
) {
  const inputs = [{ ...x, dims: images(g) }, feed(kernel, kernels(g))] as const;
  run(backend, 'Conv', inputs, attributesOf(g), feed(out, results(g)));
}

/** Gradient with respect to the image. */
export function singleInputGradient(
  backend: OnnxRuntimeBackend,
  dy: Feed,
  kernel: Float32Array,
  g: Geometry,
  dx: Float32Array,
): void {
  const inputs = [{ ...dy, dims: results(g) }, feed(kernel, kernels(g))] as const;
  run(backend, 'ConvTranspose', inputs, attributesOf(g), feed(dx, images(g)));
}

/**
 * Gradient with respect to the kernel: the images convolved with the gradients as a kernel, images taking the part of
 * channels, since both are summed over; stride and dilation change places.
 */
export function singleKernelGradient(
  backend: OnnxRuntimeBackend,
  x: Feed,
  dy: Feed,
  g: Geometry,
  dw: Float32Array,
): void {
  const { pads, strides, dilations } = attributesOf(g);
  const inputs = [
    { ...x, dims: [1, g.batch, g.inHeight, g.inWidth] },
    { ...dy, dims: [1, g.batch, g.outHeight, g.outWidth] },
  ] as const;
  const attributes = { kernel_shape: [g.outHeight, g.outWidth], strides: dilations, dilations: strides, pads };
  run(backend, 'Conv', inputs, attributes, feed(dw, kernels(g)));
}
