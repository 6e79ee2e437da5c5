import { WeightsError } from '@fsmr/core';
import {
  type ElementType,
  type ElementTypeName,
  elementCount,
  elementTypes,
  readElements,
  type WeightArray,
} from './array.js';

/** A run of elements of one type, which any number of tensors may look at. */
export interface Storage {
  readonly type: ElementTypeName;
  /** Elements. */
  readonly count: number;
  /** The bytes, at least `count` elements; read on first use. */
  bytes(): Uint8Array;
}

/** A tensor as a window on a storage: offset and strides count elements. */
export interface TensorView {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Checks a window before anything is read through it. @throws WeightsError where it leaves its storage. */
export function checkView({ storage, offset, shape, strides }: TensorView): void {
  const whole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  if (!whole(offset) || shape.length !== strides.length || !strides.every(whole)) {
    throw new WeightsError(`a tensor of shape [${shape}] has impossible strides [${strides}] or offset ${offset}.`);
  }
  if (shape.length > 16) throw new WeightsError(`a tensor has ${shape.length} dimensions.`);
  if (elementCount(shape, 'a tensor') === 0) return;
  const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis]!, offset);
  if (last >= storage.count) {
    throw new WeightsError(
      `a tensor of shape [${shape}] reaches element ${last} of a storage that holds ${storage.count}.`,
    );
  }
}

/** The elements a window shows, in row-major order. A view of the file where it is contiguous aligned float32. */
export function readView(view: TensorView, charge: (bytes: number) => void): WeightArray {
  checkView(view);
  const { storage, offset, shape, strides } = view;
  const count = elementCount(shape, 'a tensor');
  charge(4 * count);
  const type: ElementType = elementTypes[storage.type];
  if (count === 0) return { shape, data: new type.elements(0) };
  const bytes = storage.bytes();
  if (isContiguous(shape, strides)) {
    return { shape, data: readElements(bytes.subarray(offset * type.bytes), storage.type, count) };
  }
  const source = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new type.elements(count);
  const position = shape.map(() => 0);
  let at = offset;
  for (let i = 0; i < count; i++) {
    data[i] = type.read(source, at * type.bytes);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis]!++;
      at += strides[axis]!;
      if (position[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      position[axis] = 0;
    }
  }
  return { shape, data };
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}
