import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { unzipSync } from 'fflate';
import { type NpyArray, parseNpy } from './npy.js';
import { sharedPath } from './shared.js';

/** One oracle case: its arrays by name and the constants of its manifest. */
export interface Oracle {
  readonly name: string;
  readonly description: string;
  // The manifests are free JSON; tests narrow what they read.
  readonly constants: Record<string, unknown>;
  readonly names: readonly string[];
  has(name: string): boolean;
  array(name: string): NpyArray;
  /** The array as a float32 tensor in the file's own layout. */
  tensor(name: string): tf.Tensor;
  /** A torch [N,C,H,W] array as an NHWC tensor. */
  nhwc(name: string): tf.Tensor4D;
  /** A zero-dimensional array as a number. */
  scalar(name: string): number;
}

function oracleOf(
  name: string,
  description: string,
  constants: Record<string, unknown>,
  names: readonly string[],
  read: (name: string) => NpyArray,
): Oracle {
  const tensor = (array: string): tf.Tensor => {
    const { data, shape } = read(array);
    return tf.tensor(Float32Array.from(data), [...shape], 'float32');
  };
  return {
    name,
    description,
    constants,
    names,
    has: (array) => names.includes(array),
    array: read,
    tensor,
    nhwc: (array) => tf.tidy(() => tf.transpose(tensor(array) as tf.Tensor4D, [0, 2, 3, 1])),
    scalar: (array) => read(array).data[0]!,
  };
}

/** Reads a folder case of the oracles: `oracles/<name>/manifest.json` and its `.npy` files. */
export function loadOracle(name: string): Oracle {
  const manifest = JSON.parse(readFileSync(sharedPath('oracles', name, 'manifest.json'), 'utf8')) as {
    description: string;
    constants?: Record<string, unknown>;
    arrays: Record<string, { file: string }>;
  };
  return oracleOf(name, manifest.description, manifest.constants ?? {}, Object.keys(manifest.arrays), (array) => {
    const entry = manifest.arrays[array];
    if (entry === undefined) throw new Error(`${name} has no array ${array}`);
    return parseNpy(readFileSync(sharedPath('oracles', name, entry.file)));
  });
}

/** Reads an archive case: `oracles/npz/<name>.npz` with its entry in the common manifest. */
export function loadNpzOracle(name: string): Oracle {
  const manifest = JSON.parse(readFileSync(sharedPath('oracles', 'npz', 'manifest.json'), 'utf8')) as {
    fixtures: { file: string; about: string; constants?: Record<string, unknown> }[];
  };
  const entry = manifest.fixtures.find((fixture) => fixture.file === `${name}.npz`);
  const files = unzipSync(readFileSync(sharedPath('oracles', 'npz', `${name}.npz`)));
  const names = Object.keys(files).map((file) => file.replace(/\.npy$/, ''));
  return oracleOf(name, entry?.about ?? '', entry?.constants ?? {}, names, (array) => {
    const file = files[`${array}.npy`];
    if (file === undefined) throw new Error(`${name} has no array ${array}`);
    return parseNpy(file);
  });
}
