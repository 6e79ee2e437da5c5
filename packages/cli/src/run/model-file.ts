import { open, readFile } from 'node:fs/promises';
import {
  type CompiledEncoder,
  type Encoder,
  modelShapes,
  openEncoder,
  openSafetensors,
  parseSafetensors,
  type SafetensorsFile,
  takeParameters,
} from '@fsmr/backbones';
import { encoderPrefix, isFsmrError, type Model, type ParameterRecord, WeightsError } from '@fsmr/core';
import type { Statistics } from '@fsmr/datasets';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { buildModel } from '../config/model.js';
import { configSchema, type RunConfig } from '../config/schema.js';
import { withPlace } from './place.js';

/** A trained model as `fsmr train` saves it: the file says itself what it is. */
export interface ModelFile {
  readonly model: Model;
  readonly modelConfig: RunConfig['model'];
  /** What CT images are normalised with; images of other kinds by themselves. */
  readonly statistics: Statistics | undefined;
  /** Edge of the squares that slices were resized to, pixels; undefined where they were taken as they are. */
  readonly resize: number | undefined;
  /** With JAPC raters are segmented jointly, without one by one. */
  readonly calibrated: boolean;
  /** The caller owns the tensors. */
  readonly parameters: ParameterRecord;
}

const statisticsSchema = z.object({ mean: z.number(), std: z.number() });

/**
 * Reads a model saved by `fsmr train`.
 *
 * @param options.encoder whether the encoder's parameters are read, as they are unless this is false.
 *
 * @throws WeightsError where the file cannot be read, is no such model, or does not fit what it says it is.
 */
export async function readModelFile(
  file: string,
  { encoder = true }: { readonly encoder?: boolean } = {},
): Promise<ModelFile> {
  try {
    await checkFormat(file);
    const { weights, metadata } = encoder ? parseSafetensors(await bytesOf(file)) : await withoutEncoder(file);
    const text = metadata.get('model');
    if (metadata.get('format') !== 'fsmr-model-1' || text === undefined) {
      throw new WeightsError('does not say which model it belongs to.', {
        remedy: 'Use a file from the weights folder of an fsmr run.',
      });
    }
    const modelConfig = configSchema.shape.model.parse(JSON.parse(text));
    const calibrated = metadata.get('arm') === 'japc';
    const model = buildModel(modelConfig, calibrated);
    const [statistics, resize] = [metadata.get('statistics'), metadata.get('resize')];
    const all = Object.entries(modelShapes(model));
    const shapes = Object.fromEntries(all.filter(([name]) => encoder || !isOfEncoder(name)));
    return {
      model,
      modelConfig,
      calibrated,
      resize: resize === undefined ? undefined : z.coerce.number().int().positive().parse(resize),
      statistics: statistics === undefined ? undefined : statisticsSchema.parse(JSON.parse(statistics)),
      // Last, since nobody would free them after a fault.
      parameters: tf.tidy(() => takeParameters(shapes, weights) as never),
    };
  } catch (cause) {
    const remedy = 'Use a file from the weights folder of an fsmr run.';
    if (isFsmrError(cause)) throw withPlace(cause, { file, remedy });
    throw new WeightsError('is damaged or was made by another version.', { file, cause, remedy });
  }
}

/**
 * Runs `use` with a saved model, whose parameters are those of method and calibrator alone, and its encoder, and frees both.
 *
 * @param images how many images are going to be encoded
 * @throws WeightsError as {@link readModelFile}.
 */
export async function withModel<Result>(
  file: string,
  images: number,
  use: (model: ModelFile, encoder: CompiledEncoder) => Result | Promise<Result>,
): Promise<Result> {
  const model = await readModelFile(file, { encoder: false });
  try {
    const options = { prefix: encoderPrefix, images };
    const encoder = await openEncoder(model.model.backbone as Encoder, file, options).catch((cause: unknown) => {
      throw withPlace(cause, { file, remedy: 'Use a file from the weights folder of an fsmr run.' });
    });
    try {
      return await use(model, encoder);
    } finally {
      encoder.dispose();
    }
  } finally {
    tf.dispose(Object.values(model.parameters));
  }
}

/** Says what is wrong with another file than one in safetensors format, whose header is a JSON object after its length. */
async function checkFormat(file: string): Promise<void> {
  const start = (await bytesAt(file, 9)).at(8);
  if (start === undefined || start === 0x7b) return;
  throw new WeightsError('is no file of a trained model.', {
    remedy:
      'Give weights/*.safetensors of an fsmr run; weights of an encoder alone go into model.weights of a configuration.',
  });
}

async function bytesAt(file: string, length: number): Promise<Uint8Array> {
  const handle = await open(file).catch((cause: unknown) => {
    throw new WeightsError('cannot be read.', { file, cause, remedy: 'Check the path.' });
  });
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

const isOfEncoder = (name: string): boolean => name.startsWith(encoderPrefix);

function bytesOf(file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: unknown) => {
    throw new WeightsError('cannot be read.', { file, cause, remedy: 'Check the path.' });
  });
}

/** The arrays of method and calibrator; the encoder's, by far the larger ones, are not even read. */
async function withoutEncoder(file: string): Promise<Pick<SafetensorsFile, 'weights' | 'metadata'>> {
  const mapped = await openSafetensors(file, (name) => !isOfEncoder(name));
  if (mapped === undefined) return parseSafetensors(await bytesOf(file)); // says what is wrong with another format
  const own = [...mapped.arrays].filter(([name]) => !isOfEncoder(name));
  const weights = new Map(own.map(([name, { shape, data }]) => [name, { shape, data: data! }]));
  return { weights, metadata: mapped.metadata };
}
