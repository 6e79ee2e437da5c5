/** What a native kernel is, and shorthands for writing programs. */
import * as tf from '@tensorflow/tfjs';
import type { OnnxRuntimeBackend } from '../backend.js';
import { node, type OnnxAttribute, type OnnxNode, type OnnxTensor } from '../onnx/index.js';
import type { ElementType } from '../runtime/binding.js';
import type { Program } from '../runtime/session.js';

/** The arguments TensorFlow.js calls a kernel with. */
export interface KernelCall {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly backend: OnnxRuntimeBackend;
}

/** Computes on ONNX Runtime, or returns undefined where the JavaScript kernel shall do it. */
export type NativeKernel = (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[] | undefined;

/** Native kernels by TensorFlow.js's names. */
export type KernelTable = Readonly<Record<string, NativeKernel>>;

/** Product of the sizes. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** True where a tensor is too small to be worth a native call; empty ones always are. */
export const isSmall = (size: number, backend: OnnxRuntimeBackend): boolean =>
  size === 0 || size < backend.settings.smallTensor;

/** True where a product of so many multiplications is too small to be worth a native call. */
export const isLight = (multiplications: number, backend: OnnxRuntimeBackend): boolean =>
  multiplications === 0 || multiplications < 8 * backend.settings.smallTensor;

/** True where all tensors hold 32-bit floats. */
export const allFloat = (...tensors: readonly (tf.TensorInfo | undefined)[]): boolean =>
  tensors.every((tensor) => tensor?.dtype === 'float32');

/** True where ONNX Runtime and plain loops can move elements: all but text and complex numbers. */
export const movable = (tensor: tf.TensorInfo): boolean => ['float32', 'int32', 'bool'].includes(tensor.dtype);

/** An input that must be there. */
export function input(call: KernelCall, name: string): tf.TensorInfo {
  const tensor = call.inputs[name];
  if (tensor === undefined) throw new Error(`The input ${name} is missing.`);
  return tensor;
}

/** A program of nodes over float32 inputs with float32 outputs. */
export function floatProgram(
  inputs: number,
  nodes: readonly OnnxNode[],
  initializers: readonly OnnxTensor[] = [],
  outputs: readonly ElementType[] = ['float32'],
): Program {
  return { nodes, inputs: Array.from({ length: inputs }, () => 'float32' as const), outputs, initializers };
}

/** A program of one node that reads all inputs in order. */
export function oneNode(
  op: string,
  inputs: number,
  attributes: Readonly<Record<string, OnnxAttribute>> = {},
  domain = '',
): Program {
  const names = Array.from({ length: inputs }, (_, index) => `i${index}`);
  return floatProgram(inputs, [node(op, names, ['o0'], attributes, domain)]);
}

/** Sizes of `shape` with the run of equal axes of all `shapes` merged: fewer axes, the same order of elements. */
export const flat = (shape: readonly number[]): number[] => [sizeOf(shape)];

/** The axes a reduction works on, sorted, none negative. */
export function axesOf(axis: unknown, rank: number): number[] {
  return tf.util.parseAxisParam(axis as number | number[], new Array<number>(rank).fill(1)).sort((a, b) => a - b);
}
