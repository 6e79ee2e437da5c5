import { realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { hasKernel, runKernel } from '@fsmr/core';
import { releaseGraph } from '@fsmr/tfjs-backend-onnxruntime';
import type { OnnxTensor } from '@fsmr/tfjs-backend-onnxruntime/onnx';
import * as tf from '@tensorflow/tfjs';
import { checkImages, type Encoder } from '../encoder.js';
import { loadParameters, matchArrays } from '../weights/apply.js';
import { loadWeights } from '../weights/load.js';
import { type MappedArray, openSafetensors } from '../weights/mapped.js';
import { asEncoderWeights } from '../weights/names.js';
import { type CompiledEncoder, compileEncoder, featuresOf } from './compile.js';
import { drawOnnx, outputNames } from './export.js';
import type { OnnxWeights } from './onnx-weights.js';

let opened = 0;

/** How an encoder is opened. */
export interface OpenOptions {
  /** What precedes the encoder's names in the file; arrays without it are passed over. */
  readonly prefix?: string;
  /** How many images it is going to encode; 1 unless given. For many it is compiled. */
  readonly images?: number;
}

/** Images whose time saved is that of compiling: 1.7 s against 0.1 s each, ResNet-50 at 256 x 256. */
const worthCompiling = 16;

/**
 * An encoder straight from a weights file, ready within a tenth of a second: on the ONNX Runtime backend the kernels of
 * a float32 safetensors file are not read but mapped, so the file must not change until `dispose`. An image then takes
 * about a third longer than after {@link compileEncoder}, so for many images it is compiled after all, as it is from
 * other files and on other backends.
 *
 * @throws WeightsError where the file cannot be read or lacks an array of the encoder.
 */
export async function openEncoder(
  encoder: Encoder,
  file: string,
  { prefix = '', images: expected = 1 }: OpenOptions = {},
): Promise<CompiledEncoder> {
  const arrays =
    hasKernel('FsmrRunGraph') && expected < worthCompiling ? await mappable(encoder, file, prefix) : undefined;
  if (arrays === undefined) {
    const weights = await loadWeights(file);
    // A prefix says where the encoder lies: nothing is to be found or taken off.
    const own =
      prefix === ''
        ? asEncoderWeights(weights, { file })
        : new Map([...weights].filter(([name]) => name.startsWith(prefix)));
    // Where nothing has the prefix, the error shows what there is.
    const { parameters } = loadParameters(encoder, own.size === 0 ? weights : own, { prefix });
    const compiled = compileEncoder(encoder, parameters);
    tf.dispose(parameters as Record<string, tf.Tensor>);
    return compiled;
  }
  const real = await realpath(file); // ONNX Runtime follows no link out of the folder it is given
  const key = `fsmr-file-${opened++}`;
  const attributes = {
    key,
    outputs: outputNames(encoder),
    model: () => drawOnnx(encoder, inPlace(arrays, basename(real)), { layout: 'nhwc' }),
    load: { dataFolder: dirname(real), optimise: false },
  };
  return {
    encode: (images) => {
      checkImages(images);
      const float = tf.cast(images, 'float32');
      const features = featuresOf(encoder, runKernel('FsmrRunGraph', { images: float }, attributes));
      float.dispose();
      return features;
    },
    dispose: () => releaseGraph(key),
  };
}

/** The encoder's arrays where all can be used as they lie in the file. */
async function mappable(
  encoder: Encoder,
  file: string,
  prefix: string,
): Promise<ReadonlyMap<string, MappedArray> | undefined> {
  const mapped = await openSafetensors(file);
  if (mapped === undefined) return undefined;
  const own = new Map([...mapped.arrays].filter(([name]) => name.startsWith(prefix)));
  const aligned = ({ type, offset }: MappedArray) => type === 'float32' && offset % 4 === 0;
  const names = Object.keys(encoder.specs);
  if (!names.every((name) => own.has(prefix + name) && aligned(own.get(prefix + name)!))) return undefined;
  return matchArrays(encoder.specs, own, { prefix }).found;
}

/** Constants that ONNX Runtime finds in the file. */
function inPlace(arrays: ReadonlyMap<string, MappedArray>, location: string): OnnxWeights {
  return {
    vector: (name) => new Float32Array(arrays.get(name)!.data!),
    constant(name): OnnxTensor {
      const { shape, offset, length } = arrays.get(name)!;
      return { name, type: 'float32', shape, data: { location, offset, length } };
    },
    scaled: () => undefined,
  };
}
