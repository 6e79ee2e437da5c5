/**
 * ONNX models as plain values, and their file format.
 *
 * Source: the ONNX intermediate representation, version 10 (`onnx.proto3` of the ONNX project); the numbers below are
 * its field numbers.
 */
import {
  bytesField,
  type Chunk,
  concatenate,
  floatField,
  integerField,
  messageField,
  packedFloats,
  packedIntegers,
  stringField,
} from './protobuf.js';

/** Element types an FSMR model uses, with their ONNX codes. */
const elementCodes = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11 } as const;

/** The element type of a tensor. */
export type OnnxElementType = keyof typeof elementCodes;

/** Elements that lie in another file, little endian. */
export interface OnnxExternalData {
  /** The file's name, without folders. */
  readonly location: string;
  /** Where in it they start, and how many there are, in bytes. */
  readonly offset: number;
  readonly length: number;
}

/** A constant tensor: a weight, or a list of axes. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: OnnxElementType;
  readonly shape: readonly number[];
  /** The elements, row by row; a view of exactly `shape`'s size, or where to find them. */
  readonly data: ArrayBufferView | OnnxExternalData;
}

/** A named input or output; a dimension is a size or a symbol that stands for any size. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxElementType;
  /** Left out where the rank, too, may vary. */
  readonly shape?: readonly (number | string)[];
  /** A sequence of such tensors. */
  readonly sequence?: boolean;
}

/** An attribute: whole numbers as they are, fractions marked, because ONNX tells the two apart. */
export type OnnxAttribute =
  | number
  | readonly number[]
  | string
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly tensor: OnnxTensor };

/** One operation. */
export interface OnnxNode {
  readonly op: string;
  /** Names of the values read; '' skips an optional one. */
  readonly inputs: readonly string[];
  /** Names of the values written; '' skips an optional one. */
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** The operator set it belongs to; the standard one where left out. */
  readonly domain?: string;
}

/** A whole model. */
export interface OnnxModel {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers?: readonly OnnxTensor[];
  /** Version of the standard operator set; 18 where left out. */
  readonly opset?: number;
  /** Versions of further operator sets, by domain; `com.microsoft` is added where a node names it. */
  readonly domains?: Readonly<Record<string, number>>;
  /** Free text stored with the model. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A node in one line: `node('Relu', ['x'], ['y'])`. */
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>> = {},
  domain = '',
): OnnxNode {
  return { op, inputs, outputs, attributes, domain };
}

/** A float32 constant; `shape` is the vector's length where left out. */
export function floats(name: string, data: Float32Array | readonly number[], shape?: readonly number[]): OnnxTensor {
  const values = data instanceof Float32Array ? data : Float32Array.from(data);
  return { name, type: 'float32', shape: shape ?? [values.length], data: values };
}

/** An int64 vector, as shapes and axes are given to operations. */
export function integers(name: string, data: readonly number[], shape?: readonly number[]): OnnxTensor {
  return { name, type: 'int64', shape: shape ?? [data.length], data: BigInt64Array.from(data, BigInt) };
}

/** The bytes of the model as an `.onnx` file. */
export function encodeModel(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const domains: Record<string, number> = { '': model.opset ?? 18, ...model.domains };
  for (const { domain } of model.nodes) {
    if (domain !== undefined && !(domain in domains)) domains[domain] = 1;
  }
  const graph = [
    ...model.nodes.flatMap((item) => messageField(1, nodeChunks(item))),
    ...stringField(2, model.name),
    ...(model.initializers ?? []).flatMap((item) => messageField(5, tensorChunks(item))),
    ...model.inputs.flatMap((item) => messageField(11, valueChunks(item))),
    ...model.outputs.flatMap((item) => messageField(12, valueChunks(item))),
  ];
  return concatenate([
    ...integerField(1, 8), // ir_version that every runtime since 2021 reads
    ...stringField(2, 'fsmr'),
    ...messageField(7, graph),
    ...Object.entries(domains).flatMap(([domain, version]) =>
      messageField(8, [...stringField(1, domain), ...integerField(2, version)]),
    ),
    ...Object.entries(model.metadata ?? {}).flatMap(([key, value]) =>
      messageField(14, [...stringField(1, key), ...stringField(2, value)]),
    ),
  ]) as Uint8Array<ArrayBuffer>;
}

function nodeChunks(item: OnnxNode): Chunk[] {
  return [
    ...item.inputs.flatMap((name) => stringField(1, name)),
    ...item.outputs.flatMap((name) => stringField(2, name)),
    ...stringField(4, item.op),
    ...Object.entries(item.attributes ?? {}).flatMap(([name, value]) => messageField(5, attributeChunks(name, value))),
    ...stringField(7, item.domain ?? ''),
  ];
}

function attributeChunks(name: string, value: OnnxAttribute): Chunk[] {
  const typed = (field: Chunk[], type: number) => [...stringField(1, name), ...field, ...integerField(20, type)];
  if (typeof value === 'number') return typed(integerField(3, value), 2);
  if (typeof value === 'string') return typed(stringField(4, value), 3);
  if ('float' in value) return typed(floatField(2, value.float), 1);
  if ('floats' in value) return typed(packedFloats(7, value.floats), 6);
  if ('tensor' in value) return typed(messageField(5, tensorChunks(value.tensor)), 4);
  return typed(packedIntegers(8, value), 7);
}

function tensorChunks({ name, type, shape, data }: OnnxTensor): Chunk[] {
  return [
    ...packedIntegers(1, shape),
    ...integerField(2, elementCodes[type]),
    ...stringField(8, name),
    ...('location' in data
      ? externalChunks(data)
      : bytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))),
  ];
}

function externalChunks(data: OnnxExternalData): Chunk[] {
  const entries = Object.entries(data).flatMap(([key, value]) =>
    messageField(13, [...stringField(1, key), ...stringField(2, String(value))]),
  );
  return [...entries, ...integerField(14, 1)];
}

function valueChunks({ name, type, shape, sequence }: OnnxValue): Chunk[] {
  const dimensions = shape?.flatMap((size) =>
    messageField(1, typeof size === 'number' ? integerField(1, size) : stringField(2, size)),
  );
  const tensorType = [
    ...integerField(1, elementCodes[type]),
    ...(dimensions === undefined ? [] : messageField(2, dimensions)),
  ];
  const tensor = messageField(1, tensorType);
  return [
    ...stringField(1, name),
    ...messageField(2, sequence === true ? messageField(4, messageField(1, tensor)) : tensor),
  ];
}
