import type { ParameterRecord } from '@fsmr/core';
import { floats, type OnnxTensor } from '@fsmr/tfjs-backend-onnxruntime/onnx';
import { parameter } from '../tensor-steps.js';
import { toDisk } from '../weights/layout.js';

/** Where an ONNX graph gets its constants from. */
export interface OnnxWeights {
  /** A copy of a vector, for the caller to change. */
  vector(name: string): Float32Array;
  /** A matrix as it is, or a convolution kernel in ONNX's layout, which is torch's. */
  constant(name: string): OnnxTensor;
  /** The kernel with each output multiplied by its gain; undefined where kernels must stay as they are. */
  scaled(name: string, gain: Float32Array): OnnxTensor | undefined;
}

/** Constants from parameters in memory. @throws WeightsError where one is missing, at its use. */
export function weightsOf(parameters: ParameterRecord): OnnxWeights {
  const constant = (name: string): OnnxTensor & { readonly data: Float32Array } => {
    const tensor = parameter(parameters, name);
    const { shape, data } = toDisk({ shape: tensor.shape, data: tensor.dataSync() as Float32Array });
    return { ...floats(name, data as Float32Array, shape), data: data as Float32Array };
  };
  return {
    vector: (name) => new Float32Array(parameter(parameters, name).dataSync()),
    constant,
    scaled(name, gain) {
      const kernel = constant(name); // a copy, since the layout changed
      const { data } = kernel;
      const size = data.length / gain.length;
      gain.forEach((factor, output) => {
        for (let index = output * size; index < (output + 1) * size; index++) data[index]! *= factor;
      });
      return kernel;
    },
  };
}
