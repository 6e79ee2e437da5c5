import { floats, node, type OnnxNode, type OnnxTensor } from '@fsmr/tfjs-backend-onnxruntime/onnx';
import type { ConvNorm } from '../resnet/graph.js';
import type { Steps } from '../steps.js';
import type { OnnxWeights } from './onnx-weights.js';

const epsilon = 1e-5;

/** Nodes and constants of a graph under construction. */
export interface Drawing {
  readonly nodes: OnnxNode[];
  readonly initializers: OnnxTensor[];
}

/** Steps that draw ONNX nodes instead of computing; values are the names of channels-first tensors. */
export function onnxSteps(weights: OnnxWeights, { nodes, initializers }: Drawing): Steps<string> {
  let count = 0;
  const draw = (op: string, inputs: readonly string[], attributes: Parameters<typeof node>[3] = {}): string => {
    const output = `${op.toLowerCase()}_${count++}`;
    nodes.push(node(op, inputs, [output], attributes));
    return output;
  };
  const add = (tensor: OnnxTensor): string => {
    initializers.push(tensor);
    return tensor.name;
  };
  const vector = (name: string): string => add(floats(name, weights.vector(name)));
  const convolution = (x: string, size: number, weight: string[], geometry: Partial<ConvNorm> = {}): string => {
    const { stride = 1, dilation = 1, padding = (size - 1) / 2 } = geometry;
    return draw('Conv', [x, ...weight], {
      kernel_shape: [size, size],
      strides: [stride, stride],
      dilations: [dilation, dilation],
      pads: [padding, padding, padding, padding],
    });
  };
  /** Normalisation with fixed statistics is a gain and an offset a channel, which the kernel can carry. */
  const normalised = (x: string, step: ConvNorm): string => {
    const { norm, conv, size } = step;
    const gain = weights.vector(`${norm}.weight`);
    const offset = weights.vector(`${norm}.bias`);
    const mean = weights.vector(`${norm}.running_mean`);
    weights.vector(`${norm}.running_var`).forEach((variance, channel) => {
      gain[channel]! /= Math.sqrt(variance + epsilon);
      offset[channel]! -= mean[channel]! * gain[channel]!;
    });
    const kernel = weights.scaled(conv, gain);
    if (kernel !== undefined) return convolution(x, size, [add(kernel), add(floats(`${norm}.folded`, offset))], step);
    const y = convolution(x, size, [add(weights.constant(conv))], step);
    const fixed = ['weight', 'bias', 'running_mean', 'running_var'].map((name) => vector(`${norm}.${name}`));
    return draw('BatchNormalization', [y, ...fixed], { epsilon: { float: epsilon } });
  };

  return {
    convNorm(x, step, residual) {
      let y = normalised(x, step);
      if (residual !== undefined) y = draw('Add', [y, residual]);
      return step.relu ? draw('Relu', [y]) : y;
    },
    head: (x, { weight, size }) => convolution(x, size, [add(weights.constant(weight))]),
    maxPool: (x) => draw('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
    mean: (x) => draw('Flatten', [draw('GlobalAveragePool', [x])]),
    linear: (x, name) =>
      draw('Gemm', [x, add(weights.constant(`${name}.weight`)), vector(`${name}.bias`)], { transB: 1 }),
    free: () => undefined,
  };
}
