import type { ParameterRecord } from '@fsmr/core';
import * as tf from '@tensorflow/tfjs';

/** Numbers in [0, 1) of the mulberry32 generator seeded with the FNV-1a hash of a text, as the manifest defines them. */
function formulaStream(text: string): () => number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  let a = hash >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Values of the manifest's formula in [low, high), in the file's own layout. */
export function formulaValues(text: string, shape: readonly number[], low: number, high: number): Float32Array {
  const next = formulaStream(text);
  const size = shape.reduce((product, extent) => product * extent, 1);
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = low + (high - low) * next();
  return values;
}

/** {@link formulaValues} of a torch image [B, C, H, W] as [B, H, W, C]. */
export function formulaImages(text: string, shape: readonly number[], low: number, high: number): tf.Tensor4D {
  const values = formulaValues(text, shape, low, high);
  return tf.tidy(() =>
    tf.transpose(tf.tensor<tf.Rank.R4>(values, shape as [number, number, number, number]), [0, 2, 3, 1]),
  );
}

function formulaWeight(salt: string, name: string, memory: readonly number[]): tf.Tensor {
  const text = salt + name;
  if (memory.length === 4) {
    const [height, width, inputs, outputs] = [...memory] as [number, number, number, number];
    const bound = Math.sqrt(3 / (height * width * inputs)) * Math.sqrt(2);
    const values = formulaValues(text, memory, -bound, bound);
    return tf.tidy(() => tf.transpose(tf.tensor(values, [outputs, inputs, height, width]), [2, 3, 1, 0]));
  }
  if (name.endsWith('.running_mean')) return tf.tensor(formulaValues(text, memory, -0.1, 0.1), [...memory]);
  if (name.endsWith('.running_var')) return tf.tensor(formulaValues(text, memory, 0.5, 1.5), [...memory]);
  if (!name.endsWith('.weight')) return tf.tensor(formulaValues(text, memory, -0.1, 0.1), [...memory]);
  const gain = name.includes('bn3.weight') ? 0.3 : 1;
  const gains = formulaValues(text, memory, -1, 1).map((value) => gain * (1 + 0.2 * value));
  return tf.tensor(gains, [...memory]);
}

/** Parameters whose values the manifest gives by formula instead of in a file. */
export function formulaParameters(salt: string, shapes: Readonly<Record<string, readonly number[]>>): ParameterRecord {
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, formulaWeight(salt, name, shape)]));
}
