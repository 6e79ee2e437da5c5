import type { ParameterRecord } from '@fsmr/core';
import { encodeModel, node } from '@fsmr/tfjs-backend-onnxruntime/onnx';
import type { Encoder } from '../encoder.js';
import { type Drawing, onnxSteps } from './onnx-steps.js';
import { type OnnxWeights, weightsOf } from './onnx-weights.js';

/** How the exported model takes its images. */
export interface ExportOptions {
  /** Rows and columns of the images; any size unless given. */
  readonly size?: readonly [number, number];
  /** Channels first as torch, unless `nhwc`; the maps come out the same way. */
  readonly layout?: 'nchw' | 'nhwc';
}

type Exportable = Pick<Encoder, 'name' | 'channels' | 'strides' | 'hasThreshold' | 'plan'>;

/** The outputs of an encoder's model: `features0`, `features1`, ..., then `threshold` where it has one. */
export function outputNames({ channels, hasThreshold }: Pick<Encoder, 'channels' | 'hasThreshold'>): string[] {
  return [...channels.map((_, index) => `features${index}`), ...(hasThreshold ? ['threshold'] : [])];
}

/**
 * The encoder in eval mode as an ONNX model (operator set 18) that any runtime computes, with batch normalisation
 * folded into the convolutions. Input `images`, outputs as {@link outputNames}; any batch size.
 *
 * @param parameters are read once; the model holds its own copy.
 * @returns the bytes of an `.onnx` file.
 * @throws WeightsError where a parameter is missing.
 */
export function exportOnnx(
  encoder: Exportable,
  parameters: ParameterRecord,
  options: ExportOptions = {},
): Uint8Array<ArrayBuffer> {
  return drawOnnx(encoder, weightsOf(parameters), options);
}

/** The model of an encoder with constants from anywhere. */
export function drawOnnx(
  encoder: Exportable,
  weights: OnnxWeights,
  { size, layout = 'nchw' }: ExportOptions,
): Uint8Array<ArrayBuffer> {
  const drawing: Drawing = { nodes: [], initializers: [] };
  const last = layout === 'nhwc';
  if (last) drawing.nodes.push(node('Transpose', ['images'], ['images_nchw'], { perm: [0, 3, 1, 2] }));
  const { maps, threshold } = encoder.plan<string>(onnxSteps(weights, drawing), last ? 'images_nchw' : 'images');
  const names = outputNames(encoder);
  maps.forEach((map, index) => {
    const output = names[index]!;
    drawing.nodes.push(
      last ? node('Transpose', [map], [output], { perm: [0, 2, 3, 1] }) : node('Identity', [map], [output]),
    );
  });
  if (threshold !== undefined) drawing.nodes.push(node('Identity', [threshold], ['threshold']));

  const shape = (channels: number, extents: readonly (number | string)[]): (number | string)[] =>
    last ? ['batch', ...extents, channels] : ['batch', channels, ...extents];
  const outputs = encoder.channels.map((channels, index) => ({
    name: names[index]!,
    type: 'float32' as const,
    shape: shape(channels, [`rows${index}`, `columns${index}`]),
  }));
  return encodeModel({
    name: encoder.name,
    ...drawing,
    inputs: [{ name: 'images', type: 'float32', shape: shape(3, size ?? ['height', 'width']) }],
    outputs: encoder.hasThreshold ? [...outputs, { name: 'threshold', type: 'float32', shape: ['batch', 1] }] : outputs,
    metadata: { encoder: encoder.name, strides: encoder.strides.join(' ') },
  });
}
