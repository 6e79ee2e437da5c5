import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';

type Numbers = tf.Tensor | ArrayLike<number>;

function numbers(value: Numbers): ArrayLike<number> {
  return value instanceof tf.Tensor ? value.dataSync() : value;
}

/**
 * The largest difference between two arrays over the largest magnitude expected (at least `floor`):
 * the relative error the acceptance tables speak of.
 */
export function relativeError(actual: Numbers, expected: Numbers, floor = 1e-12): number {
  const a = numbers(actual);
  const e = numbers(expected);
  expect(a.length).toBe(e.length);
  let difference = 0;
  let scale = floor;
  for (let i = 0; i < e.length; i++) {
    const d = Math.abs(a[i]! - e[i]!);
    if (Number.isNaN(d)) return Number.NaN;
    difference = Math.max(difference, d);
    scale = Math.max(scale, Math.abs(e[i]!));
  }
  return difference / scale;
}

/** Asserts that {@link relativeError} is at most `tolerance`. */
export function expectClose(actual: Numbers, expected: Numbers, tolerance = 1e-4, floor?: number): void {
  const error = relativeError(actual, expected, floor);
  expect(error, `relative error ${error} exceeds ${tolerance}`).toBeLessThanOrEqual(tolerance);
}

/** Runs a function and asserts that it leaves as many tensors as it found, after disposing what it returned. */
export function expectNoLeak(run: () => tf.TensorContainer | undefined): void {
  const before = tf.memory().numTensors;
  const result = run();
  if (result !== undefined) tf.dispose(result as tf.TensorContainer);
  expect(tf.memory().numTensors).toBe(before);
}

/**
 * Compares the gradient of a scalar function with central differences at `probes` evenly spread entries.
 * @returns the largest difference over the largest magnitude of the numeric gradient.
 */
export function gradientError(
  f: (x: tf.Tensor) => tf.Scalar,
  x: tf.Tensor,
  { step = 1e-2, probes = 12 }: { step?: number; probes?: number } = {},
): number {
  const analytic = tf.tidy(() => tf.grad(f)(x).dataSync());
  const values = Float32Array.from(x.dataSync());
  const at = (index: number, delta: number): number =>
    tf.tidy(() => {
      const moved = Float32Array.from(values);
      moved[index]! += delta;
      return f(tf.tensor(moved, x.shape)).dataSync()[0]!;
    });
  let difference = 0;
  let scale = 1e-12;
  for (let k = 0; k < Math.min(probes, values.length); k++) {
    const index = Math.floor((k * values.length) / Math.min(probes, values.length));
    const numeric = (at(index, step) - at(index, -step)) / (2 * step);
    difference = Math.max(difference, Math.abs(numeric - analytic[index]!));
    scale = Math.max(scale, Math.abs(numeric));
  }
  return difference / scale;
}
