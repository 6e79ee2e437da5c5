/** Helpers of this package's tests: run the same on the cpu backend and on this one. */
import * as tf from '@tensorflow/tfjs';
import { registerOnnxRuntimeBackend } from '../register.js';

/** A backend that computes everything natively, however small. */
export const native = 'native-everything';

/** Registers it once a process. */
export function registerNative(): void {
  if (tf.findBackendFactory(native) === null) registerOnnxRuntimeBackend({ name: native, smallTensor: 0, threads: 1 });
}

/** Elements of all results on one backend; checks that nothing else is left behind. */
export function valuesOn(
  backend: string,
  compute: () => tf.Tensor | tf.Tensor[],
): { shape: number[]; data: number[] }[] {
  tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const dataBefore = tf.engine().backend.numDataIds();
  const results = tf.tidy(() => {
    const made = compute();
    return Array.isArray(made) ? made : [made];
  });
  const values = results.map((tensor) => ({ shape: tensor.shape, data: Array.from(tensor.dataSync()) }));
  tf.dispose(results);
  if (tf.memory().numTensors !== before)
    throw new Error(`${tf.memory().numTensors - before} tensors leak on ${backend}.`);
  const left = tf.engine().backend.numDataIds() - dataBefore;
  if (left !== 0) throw new Error(`${left} data entries leak on ${backend}.`);
  return values;
}

/**
 * Largest difference between the cpu backend and this one over the largest element, or over `least` where that is
 * larger; infinite for other shapes.
 */
export function differenceToCpu(compute: () => tf.Tensor | tf.Tensor[], least = 1e-6): number {
  const expected = valuesOn('cpu', compute);
  const actual = valuesOn(native, compute);
  let [difference, scale] = [0, least];
  expected.forEach(({ shape, data }, index) => {
    const other = actual[index];
    if (other === undefined || !tf.util.arraysEqual(shape, other.shape)) difference = Number.POSITIVE_INFINITY;
    data.forEach((value, element) => {
      const found = other?.data[element] ?? Number.NaN;
      if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
      if (!Object.is(value, found)) difference = Math.max(difference, Math.abs(value - found));
      if (Number.isNaN(value) !== Number.isNaN(found)) difference = Number.POSITIVE_INFINITY;
    });
  });
  return difference / scale;
}
