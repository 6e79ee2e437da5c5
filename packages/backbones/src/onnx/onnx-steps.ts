import type { ParameterRecord } from '@fsmr/core';
import { floats, node, type OnnxNode, type OnnxTensor } from '@fsmr/tfjs-backend-onnxruntime/onnx';
import type { ConvNorm } from '../resnet/graph.js';
import type { Steps } from '../steps.js';
import { parameter } from '../tensor-steps.js';
import type { WeightArray } from '../weights/array.js';
import { toDisk } from '../weights/layout.js';

const epsilon = 1e-5;

/** Nodes and constants of a graph under construction. */
export interface Drawing {
  readonly nodes: OnnxNode[];
  readonly initializers: OnnxTensor[];
}

/** Steps that draw ONNX nodes instead of computing; values are the names of channels-first tensors. */
export function onnxSteps(parameters: ParameterRecord, { nodes, initializers }: Drawing): Steps<string> {
  let count = 0;
  const values = (name: string): Float32Array => new Float32Array(parameter(parameters, name).dataSync());
  const draw = (op: string, inputs: readonly string[], attributes: Parameters<typeof node>[3] = {}): string => {
    const output = `${op.toLowerCase()}_${count++}`;
    nodes.push(node(op, inputs, [output], attributes));
    return output;
  };
  const constant = (name: string, data: Float32Array, shape?: readonly number[]): string => {
    initializers.push(floats(name, data, shape));
    return name;
  };
  const kernel = (name: string): WeightArray => {
    const tensor = parameter(parameters, name);
    return toDisk({ shape: tensor.shape, data: tensor.dataSync() as Float32Array });
  };
  const convolution = (x: string, size: number, weight: string[], geometry: Partial<ConvNorm> = {}): string => {
    const { stride = 1, dilation = 1, padding = (size - 1) / 2 } = geometry;
    return draw('Conv', [x, ...weight], {
      kernel_shape: [size, size],
      strides: [stride, stride],
      dilations: [dilation, dilation],
      pads: [padding, padding, padding, padding],
    });
  };

  return {
    convNorm(x, step, residual) {
      // Normalisation with fixed statistics is a gain and an offset a channel, which the kernel can carry.
      const gain = values(`${step.norm}.weight`);
      const offset = values(`${step.norm}.bias`);
      const mean = values(`${step.norm}.running_mean`);
      values(`${step.norm}.running_var`).forEach((variance, channel) => {
        gain[channel]! /= Math.sqrt(variance + epsilon);
        offset[channel]! -= mean[channel]! * gain[channel]!;
      });
      const { shape, data } = kernel(step.conv);
      const perChannel = data.length / gain.length;
      for (let index = 0; index < data.length; index++) data[index]! *= gain[Math.floor(index / perChannel)]!;
      const folded = constant(step.conv, data as Float32Array, shape);
      const weight = [folded, constant(`${step.norm}.folded`, offset)];
      let y = convolution(x, step.size, weight, step);
      if (residual !== undefined) y = draw('Add', [y, residual]);
      return step.relu ? draw('Relu', [y]) : y;
    },
    head(x, { weight, size }) {
      const { shape, data } = kernel(weight);
      return convolution(x, size, [constant(weight, data as Float32Array, shape)]);
    },
    maxPool: (x) => draw('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
    mean: (x) => draw('Flatten', [draw('GlobalAveragePool', [x])]),
    linear(x, name) {
      const weight = constant(
        `${name}.weight`,
        values(`${name}.weight`),
        parameter(parameters, `${name}.weight`).shape,
      );
      return draw('Gemm', [x, weight, constant(`${name}.bias`, values(`${name}.bias`))], { transB: 1 });
    },
    free: () => undefined,
  };
}
