/** Bias and activation, applied in place to what a fused kernel computed. */
import type * as tf from '@tensorflow/tfjs';
import type { OnnxRuntimeBackend } from '../backend.js';
import { floats, node } from '../onnx/index.js';
import type { Feed } from '../runtime/binding.js';
import type { Program } from '../runtime/session.js';
import { floatProgram, oneNode } from './kernel.js';

/** What follows a convolution or matrix product. */
export interface Epilogue {
  readonly bias?: tf.TensorInfo | undefined;
  readonly prelu?: tf.TensorInfo | undefined;
  readonly activation?: string;
  readonly leakyreluAlpha?: number;
}

/** Names of activations that are one ONNX operation. */
const operations: Readonly<Record<string, string>> = { relu: 'Relu', elu: 'Elu' };

/**
 * 1 / (1 + exp(-x)). ONNX Runtime's own is an approximation that ends at 0 below -18, where the logarithm of a
 * probability still has to be finite.
 */
export const sigmoid = (): Program =>
  floatProgram(
    1,
    [
      node('Neg', ['i0'], ['negative']),
      node('Exp', ['negative'], ['odds']),
      node('Add', ['odds', 'one'], ['denominator']),
      node('Reciprocal', ['denominator'], ['o0']),
    ],
    [floats('one', [1], [])],
  );

/** Adds `bias` and applies the activation to `values`, in place. */
export function activate(
  backend: OnnxRuntimeBackend,
  values: Feed,
  { bias, prelu, activation, leakyreluAlpha }: Epilogue,
): void {
  const apply = (key: string, program: Parameters<OnnxRuntimeBackend['runInto']>[1], ...others: Feed[]) =>
    backend.runInto(key, program, [values, ...others], [values]);
  if (bias !== undefined) apply('Add', () => oneNode('Add', 2), backend.lend(bias));
  if (activation === undefined || activation === null || activation === 'linear') return;
  const op = operations[activation];
  if (op !== undefined) apply(op, () => oneNode(op, 1));
  else if (activation === 'sigmoid') apply('Sigmoid', sigmoid);
  else if (activation === 'relu6') {
    const bounds = [floats('low', [0], []), floats('high', [6], [])];
    apply('Relu6', () => floatProgram(1, [node('Clip', ['i0', 'low', 'high'], ['o0'])], bounds));
  } else if (activation === 'leakyrelu') {
    apply(`LeakyRelu ${leakyreluAlpha}`, () => oneNode('LeakyRelu', 1, { alpha: { float: leakyreluAlpha ?? 0.2 } }));
  } else if (activation === 'prelu' && prelu !== undefined) {
    apply('Prelu', () => oneNode('PRelu', 2), backend.lend(prelu));
  } else {
    throw new Error(`The activation ${activation} is not known.`);
  }
}
