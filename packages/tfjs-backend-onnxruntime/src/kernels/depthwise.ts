/** Convolution of each channel by itself, and its gradients. */
import * as tf from '@tensorflow/tfjs';
import type { OnnxRuntimeBackend } from '../backend.js';
import { integers, node } from '../onnx/index.js';
import type { Feed } from '../runtime/binding.js';
import { activate } from './activation.js';
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
import { fitsOnnx } from './window.js';

type Info = tf.backend_util.Conv2DInfo;
type Shape4 = [number, number, number, number];
type Pair = number | [number, number];

function infoOf(xShape: readonly number[], filterShape: readonly number[], attrs: KernelCall['attrs']): Info {
  return tf.backend_util.computeConv2DInfo(
    xShape as Shape4,
    filterShape as Shape4,
    attrs.strides as Pair,
    (attrs.dilations as Pair | null | undefined) ?? 1,
    attrs.pad as 'same',
    attrs.dimRoundingMode as 'floor',
    true,
  );
}

function attributesOf(info: Info): Record<string, number[]> {
  const { top, left, bottom, right } = info.padInfo;
  return {
    kernel_shape: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    pads: [top, left, bottom, right],
  };
}

/** Kernel [kh, kw, C, M] as ONNX has it: [C M, 1, kh, kw]. */
const planarKernel = (name: string, info: Info) => ({
  nodes: [
    node('Transpose', [name], ['kernelPlanes'], { perm: [2, 3, 0, 1] }),
    node('Reshape', ['kernelPlanes', 'kernelShape'], ['kernel']),
  ],
  constants: [integers('kernelShape', [info.outChannels, 1, info.filterHeight, info.filterWidth])],
});

function forward(backend: OnnxRuntimeBackend, x: tf.TensorInfo, filter: tf.TensorInfo, info: Info): Feed {
  const attributes = attributesOf(info);
  const kernel = planarKernel('i1', info);
  const program = () =>
    floatProgram(
      2,
      [
        node('Transpose', ['i0'], ['planes'], { perm: [0, 3, 1, 2] }),
        ...kernel.nodes,
        node('Conv', ['planes', 'kernel'], ['convolved'], { ...attributes, group: info.inChannels }),
        node('Transpose', ['convolved'], ['o0'], { perm: [0, 2, 3, 1] }),
      ],
      kernel.constants,
    );
  const out = backend.allocate({ shape: info.outShape, dtype: 'float32' });
  const key = `Depthwise ${info.inChannels} ${info.outChannels} ${Object.values(attributes).flat()}`;
  backend.runInto(key, program, [backend.lend(x), backend.lend(filter)], [out]);
  return out;
}

const depthwise: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const [x, filter] = [input(call, 'x'), input(call, 'filter')];
  if (isSmall(sizeOf(x.shape), backend) || !allFloat(x, filter)) return undefined;
  const info = infoOf(x.shape, filter.shape, attrs);
  if (sizeOf(info.outShape) === 0 || !fitsOnnx(info)) return undefined;
  return backend.adopt(forward(backend, x, filter, info), info.outShape);
};

const fusedDepthwise: NativeKernel = (call) => {
  const { backend, attrs, inputs } = call;
  const [x, filter] = [input(call, 'x'), input(call, 'filter')];
  if (isSmall(sizeOf(x.shape), backend) || !allFloat(x, filter)) return undefined;
  const info = infoOf(x.shape, filter.shape, attrs);
  if (sizeOf(info.outShape) === 0 || !fitsOnnx(info)) return undefined;
  const out = forward(backend, x, filter, info);
  activate(backend, out, { ...attrs, bias: inputs.bias, prelu: inputs.preluActivationWeights });
  return backend.adopt(out, info.outShape);
};

/** Gradient with respect to the image: a transposed convolution; rows it does not reach at the end are padded on. */
const backpropInput: NativeKernel = (call) => {
  const { backend, attrs } = call;
  const [dy, filter] = [input(call, 'dy'), input(call, 'filter')];
  const shape = attrs.inputShape as number[];
  if (isSmall(sizeOf(dy.shape), backend) || !allFloat(dy, filter) || sizeOf(shape) === 0) return undefined;
  const info = infoOf(shape, filter.shape, attrs);
  if (!fitsOnnx(info) || !tf.util.arraysEqual(info.outShape, dy.shape)) return undefined;
  const { top, left, bottom, right } = info.padInfo;
  const missing = (size: number, out: number, stride: number, dilation: number, taps: number, margin: number) =>
    size - ((out - 1) * stride + dilation * (taps - 1) + 1 - margin);
  const output_padding = [
    missing(info.inHeight, info.outHeight, info.strideHeight, info.dilationHeight, info.filterHeight, top + bottom),
    missing(info.inWidth, info.outWidth, info.strideWidth, info.dilationWidth, info.filterWidth, left + right),
  ];
  const limits = [info.strideHeight, info.strideWidth];
  if (output_padding.some((extra, axis) => extra < 0 || extra >= (limits[axis] as number))) return undefined;
  const attributes = { ...attributesOf(info), output_padding };
  const kernel = planarKernel('i1', info);
  const program = () =>
    floatProgram(
      2,
      [
        node('Transpose', ['i0'], ['planes'], { perm: [0, 3, 1, 2] }),
        ...kernel.nodes,
        node('ConvTranspose', ['planes', 'kernel'], ['spread'], { ...attributes, group: info.inChannels }),
        node('Transpose', ['spread'], ['o0'], { perm: [0, 2, 3, 1] }),
      ],
      kernel.constants,
    );
  const key = `DepthwiseInput ${info.inChannels} ${info.outChannels} ${Object.values(attributes).flat()}`;
  return backend.compute(key, program, [backend.lend(dy), backend.lend(filter)], { shape, dtype: 'float32' });
};

/** Kernels of depthwise convolution. */
export const depthwiseKernels: KernelTable = {
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2D: fusedDepthwise,
  DepthwiseConv2dNativeBackpropInput: backpropInput,
};
