import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeSafetensors, parseSafetensors } from '@fsmr/backbones';
import type { FeatureMaps, ParameterRecord } from '@fsmr/core';
import type { Encode } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { roomIn } from './feature-room.js';
import { bytesOf } from './files.js';

/** Where features are kept for other processes and later evaluations. */
export interface FeatureCache {
  readonly folder: string;
  /** Bytes the folder may hold. */
  readonly limit: number;
  /** Of the package that computes the features. */
  readonly version: string;
}

/**
 * Identifies an encoder by its name and parameters, and by what computes it: other backends and versions round
 * differently.
 *
 * @param version of this package
 */
export function encoderHash(name: string, parameters: ParameterRecord, version: string): string {
  const hash = createHash('sha256').update(`${tf.getBackend()} ${version} ${name}`);
  for (const key of Object.keys(parameters).sort()) {
    const tensor = parameters[key]!;
    hash.update(`${key} ${tensor.shape}`).update(bytesOf(tensor.dataSync()));
  }
  return hash.digest('hex');
}

/**
 * An encoder that keeps what it computed in files, and reads what it or another process kept. A file goes by the hash
 * of the encoder and of the normalised pixels, so that it can belong to no other scan, slice, statistics or weights. It
 * is written whole or not at all; a damaged one is computed again. Where the folder is full or cannot be written the rest
 * is not kept, which costs time and changes no result; that is said once.
 */
export function cachedEncode(
  encode: Encode,
  encoder: string,
  { folder, limit }: Pick<FeatureCache, 'folder' | 'limit'>,
): Encode {
  const room = roomIn(folder, limit);
  let open = true;
  const close = (why: string): void => {
    open = false;
    process.stderr.write(`The feature cache ${folder} ${why}: further features are not kept.\n`);
  };
  const keep = (file: string, features: FeatureMaps): void => {
    const bytes = encodeSafetensors(
      new Map([
        ...features.maps.map((map, index) => [`map${index}`, arrayOf(map)] as const),
        ...(features.threshold === undefined ? [] : [['threshold', arrayOf(features.threshold)] as const]),
      ]),
    );
    try {
      if (room.takes(bytes.length)) writeWhole(file, bytes);
      else close(`is full (${limit / 2 ** 30} GiB)`);
    } catch (error) {
      // A disk that is full or gone costs time; the features are at hand.
      close(`cannot be written (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
    }
  };
  return (images) => {
    const pixels = bytesOf(images.dataSync());
    const key = createHash('sha256').update(`${encoder} ${images.shape}`).update(pixels).digest('hex');
    const file = join(folder, key.slice(0, 2), `${key}.safetensors`);
    const known = readFeatures(file);
    if (known !== undefined) return known;
    const features = encode(images);
    if (open) keep(file, features);
    return features;
  };
}

function readFeatures(file: string): FeatureMaps | undefined {
  try {
    const { weights } = parseSafetensors(readFileSync(file));
    const maps: tf.Tensor4D[] = [];
    for (let array = weights.get('map0'); array !== undefined; array = weights.get(`map${maps.length}`)) {
      maps.push(tf.tensor4d(array.data as Float32Array, [...array.shape] as [number, number, number, number]));
    }
    const threshold = weights.get('threshold');
    if (threshold === undefined) return { maps };
    return { maps, threshold: tf.tensor2d(threshold.data as Float32Array, [...threshold.shape] as [number, number]) };
  } catch {
    return undefined;
  }
}

function arrayOf(tensor: tf.Tensor): { readonly shape: number[]; readonly data: Float32Array } {
  return { shape: [...tensor.shape], data: tensor.dataSync<'float32'>() as Float32Array };
}

function writeWhole(file: string, bytes: Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  const beside = `${file}.${randomUUID()}.part`;
  try {
    writeFileSync(beside, bytes);
    renameSync(beside, file);
  } catch (error) {
    // A full disk has the more need of the room.
    rmSync(beside, { force: true });
    throw error;
  }
}
