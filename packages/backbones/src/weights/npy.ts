import { WeightsError } from '@fsmr/core';
import {
  type Elements,
  type ElementTypeName,
  elementCount,
  elementTypes,
  readElements,
  type WeightArray,
} from './array.js';

const codes: Readonly<Record<string, ElementTypeName>> = {
  '<f8': 'float64',
  '<f4': 'float32',
  '<f2': 'float16',
  '<i8': 'int64',
  '<u8': 'uint64',
  '<i4': 'int32',
  '<u4': 'uint32',
  '<i2': 'int16',
  '<u2': 'uint16',
  '|i1': 'int8',
  '|u1': 'uint8',
  '|b1': 'bool',
};

const maximumHeader = 65536;

/**
 * Reads one array in NumPy's format, versions 1 to 3, C or Fortran order.
 *
 * @param charge is told the bytes the array will take before they are taken.
 * @throws WeightsError for a damaged file or an element type of another kind.
 * @see the NumPy Enhancement Proposal 1, A Simple File Format for NumPy Arrays.
 */
export function parseNpy(bytes: Uint8Array, charge: (bytes: number) => void): WeightArray {
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte))
    throw new WeightsError('an array does not start as .npy does.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = bytes[6]! >= 2;
  const from = long ? 12 : 10;
  const length = long ? view.getUint32(8, true) : view.getUint16(8, true);
  if (length > maximumHeader || from + length > bytes.length)
    throw new WeightsError('the header of an array is too long.');
  const { descr, fortran, shape } = parseHeader(new TextDecoder().decode(bytes.subarray(from, from + length)));
  const type = codes[descr];
  if (type === undefined) {
    throw new WeightsError(`arrays of type ${descr} are not supported.`, {
      remedy: 'Save little-endian numbers, none of them complex.',
    });
  }
  const count = elementCount(shape, 'an array');
  if (count * elementTypes[type].bytes > bytes.length - from - length) throw new WeightsError('an array ends early.');
  charge(4 * count);
  const data = readElements(bytes.subarray(from + length), type, count);
  return { shape, data: fortran && shape.length > 1 ? fromFortran(data, shape) : data };
}

function parseHeader(header: string): { descr: string; fortran: boolean; shape: number[] } {
  const descr = /'descr'\s*:\s*'([^']{1,8})'/.exec(header)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1];
  const shape = /'shape'\s*:\s*\(([\d\sL,]*)\)/.exec(header)?.[1];
  if (descr === undefined || order === undefined || shape === undefined) {
    throw new WeightsError('the header of an array cannot be understood.');
  }
  const extents = shape.split(',').map((part) => part.trim().replace(/L$/, ''));
  return { descr, fortran: order === 'True', shape: extents.filter((part) => part !== '').map(Number) };
}

/** Column-major elements in row-major order. */
function fromFortran<T extends Elements>(data: T, shape: readonly number[]): T {
  const result = data.slice() as T;
  const position = shape.map(() => 0);
  const steps = shape.map((_, axis) => shape.slice(0, axis).reduce((product, extent) => product * extent, 1));
  for (let i = 0; i < data.length; i++) {
    result[i] = data[position.reduce((sum, value, axis) => sum + value * steps[axis]!, 0)]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis]!++;
      if (position[axis]! < shape[axis]!) break;
      position[axis] = 0;
    }
  }
  return result;
}
