/** TensorFlow.js's convolution kernels, and those with dilated gradients that FSMR's own operations look for. */
import * as tf from '@tensorflow/tfjs';
import type { OnnxRuntimeBackend } from '../backend.js';
import { activate } from './activation.js';
import { convolutionInputGradient, convolutionKernelGradient, convolve } from './convolution.js';
import { allFloat, input, isLight, type KernelCall, type KernelTable, type NativeKernel, sizeOf } from './kernel.js';
import type { Geometry } from './rows.js';

type Shape4 = [number, number, number, number];
type Pair = number | [number, number];

/** The geometry of a TensorFlow.js convolution; undefined for channels-first images. */
function geometryOf(
  xShape: readonly number[],
  filterShape: readonly number[],
  attrs: KernelCall['attrs'],
): Geometry | undefined {
  if (attrs.dataFormat === 'NCHW') return undefined;
  const info = tf.backend_util.computeConv2DInfo(
    xShape as Shape4,
    filterShape as Shape4,
    attrs.strides as Pair,
    (attrs.dilations as Pair | undefined) ?? 1,
    attrs.pad as 'same',
    attrs.dimRoundingMode as 'floor',
  );
  return {
    batch: info.batchSize,
    inHeight: info.inHeight,
    inWidth: info.inWidth,
    inChannels: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    outChannels: info.outChannels,
    kernelHeight: info.filterHeight,
    kernelWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    dilationHeight: info.dilationHeight,
    dilationWidth: info.dilationWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  };
}

/** The geometry of one of our own kernels, whose padding is given for the two image axes alone. */
function ownGeometry(xShape: readonly number[], filterShape: readonly number[], attrs: KernelCall['attrs']): Geometry {
  const [rows, columns] = attrs.pad as [[number, number], [number, number]];
  const pad = [[0, 0], rows, columns, [0, 0]];
  return geometryOf(xShape, filterShape, { ...attrs, pad }) as Geometry;
}

const outputShape = (g: Geometry): number[] => [g.batch, g.outHeight, g.outWidth, g.outChannels];

/** Multiplications of a convolution; zero where an image or a result is empty. */
const workOf = (g: Geometry): number =>
  sizeOf(outputShape(g)) * g.kernelHeight * g.kernelWidth * g.inChannels * Math.sign(g.inHeight * g.inWidth);

function forward(backend: OnnxRuntimeBackend, x: tf.TensorInfo, filter: tf.TensorInfo, g: Geometry) {
  const out = backend.allocate({ shape: outputShape(g), dtype: 'float32' });
  convolve(backend, x, backend.floats(filter), g, out.data as Float32Array);
  return out;
}

const conv2d: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const [x, filter] = [input(call, 'x'), input(call, 'filter')];
  if (!allFloat(x, filter)) return undefined;
  const g = geometryOf(x.shape, filter.shape, attrs);
  if (g === undefined || isLight(workOf(g), backend)) return undefined;
  return backend.adopt(forward(backend, x, filter, g), outputShape(g));
};

const fusedConv2d: NativeKernel = (call) => {
  const { backend, attrs, inputs } = call;
  const [x, filter] = [input(call, 'x'), input(call, 'filter')];
  if (!allFloat(x, filter)) return undefined;
  const g = geometryOf(x.shape, filter.shape, attrs);
  if (g === undefined || isLight(workOf(g), backend)) return undefined;
  const out = forward(backend, x, filter, g);
  activate(backend, out, { ...attrs, bias: inputs.bias, prelu: inputs.preluActivationWeights });
  return backend.adopt(out, outputShape(g));
};

function inputGradient(
  backend: OnnxRuntimeBackend,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  g: Geometry,
  shape: readonly number[],
) {
  const dx = backend.allocate({ shape, dtype: 'float32' });
  convolutionInputGradient(backend, dy, backend.floats(filter), g, dx.data as Float32Array);
  return backend.adopt(dx, shape);
}

function kernelGradient(
  backend: OnnxRuntimeBackend,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  g: Geometry,
  shape: readonly number[],
) {
  const dw = backend.allocate({ shape, dtype: 'float32' });
  convolutionKernelGradient(backend, x, dy, g, dw.data as Float32Array);
  return backend.adopt(dw, shape);
}

/** TensorFlow.js's own gradients; their convolutions are never dilated. */
const conv2dBackpropInput: NativeKernel = (call) => {
  const [dy, filter] = [input(call, 'dy'), input(call, 'filter')];
  const shape = call.attrs.inputShape as number[];
  if (!allFloat(dy, filter)) return undefined;
  const g = geometryOf(shape, filter.shape, call.attrs);
  if (g === undefined || isLight(workOf(g), call.backend)) return undefined;
  if (!tf.util.arraysEqual(outputShape(g), dy.shape)) return undefined;
  return inputGradient(call.backend, dy, filter, g, shape);
};

const conv2dBackpropFilter: NativeKernel = (call) => {
  const [x, dy] = [input(call, 'x'), input(call, 'dy')];
  const shape = call.attrs.filterShape as number[];
  if (!allFloat(x, dy)) return undefined;
  const g = geometryOf(x.shape, shape, call.attrs);
  if (g === undefined || isLight(workOf(g), call.backend)) return undefined;
  if (!tf.util.arraysEqual(outputShape(g), dy.shape)) return undefined;
  return kernelGradient(call.backend, x, dy, g, shape);
};

/** Convolution kernels by TensorFlow.js's names. */
export const conv2dKernels: KernelTable = {
  Conv2D: conv2d,
  FusedConv2D: fusedConv2d,
  Conv2DBackpropInput: conv2dBackpropInput,
  Conv2DBackpropFilter: conv2dBackpropFilter,
};

/** The gradient of a convolution of nothing. */
const zeros = (backend: OnnxRuntimeBackend, shape: readonly number[]): tf.TensorInfo =>
  backend.makeTensorInfo([...shape], 'float32', new Float32Array(sizeOf(shape)));

/** Gradients of dilated convolutions, under our own names. */
export const ownConvolutionKernels: KernelTable = {
  FsmrConv2DBackpropInput: (call) => {
    const [dy, filter] = [input(call, 'dy'), input(call, 'filter')];
    const shape = call.attrs.inputShape as number[];
    const g = ownGeometry(shape, filter.shape, call.attrs);
    return workOf(g) === 0 ? zeros(call.backend, shape) : inputGradient(call.backend, dy, filter, g, shape);
  },
  FsmrConv2DBackpropFilter: (call) => {
    const [x, dy] = [input(call, 'x'), input(call, 'dy')];
    const shape = call.attrs.filterShape as number[];
    const g = ownGeometry(x.shape, shape, call.attrs);
    return workOf(g) === 0 ? zeros(call.backend, shape) : kernelGradient(call.backend, x, dy, g, shape);
  },
};
