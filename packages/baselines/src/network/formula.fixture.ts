import type { ParameterRecord } from '@fsmr/core';
import { formulaValues } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';

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
