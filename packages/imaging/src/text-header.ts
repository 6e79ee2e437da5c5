import { InputError } from '@fsmr/core/errors';
import type { Matrix3, Vector3 } from './geometry.js';
import type { NiftiType } from './nifti-types.js';

// Headers of NRRD and MetaImage are text in front of the voxels; no honest one is longer.
const maximumHeader = 1 << 16;

/** Text lines from the start of a file until one that ends the header; `end` is the byte after it. */
export function headerLines(
  bytes: Uint8Array,
  isLast: (line: string) => boolean,
  file: string | undefined,
): { lines: string[]; end: number } {
  const lines: string[] = [];
  let start = 0;
  for (let i = 0; i < Math.min(bytes.length, maximumHeader); i++) {
    if (bytes[i] !== 0x0a) continue;
    const line = Buffer.from(bytes.buffer, bytes.byteOffset + start, i - start)
      .toString('latin1')
      .replace(/\r$/, '');
    start = i + 1;
    if (isLast(line)) return { lines: [...lines, line], end: start };
    lines.push(line);
  }
  throw new InputError('the header has no end.', { file, remedy: 'The file is damaged or was cut short.' });
}

/** Numbers of a field. @throws InputError where there are not `count` of them. */
export function numbersOf(text: string | undefined, count: number, field: string, file: string | undefined): number[] {
  const values = (text ?? '').trim().split(/\s+/).filter(Boolean).map(Number);
  if (values.length !== count || values.some((value) => !Number.isFinite(value))) {
    throw new InputError(`the header's field "${field}" needs ${count} numbers, found ${JSON.stringify(text)}.`, {
      file,
    });
  }
  return values;
}

/** Two or three extents as a size. */
export function sizeOfExtents(extents: readonly number[]): Vector3 {
  return [extents[0]!, extents[1]!, extents[2] ?? 1];
}

/** Spacing and direction from the steps of the three voxel axes in the world. */
export function directionOfSteps(steps: readonly Vector3[]): { spacing: Vector3; direction: Matrix3 } {
  const spacing = steps.map((step) => Math.hypot(...step)) as unknown as Vector3;
  const direction = [0, 1, 2].flatMap((row) =>
    steps.map((step, axis) => step[row]! / spacing[axis]! || 0),
  ) as unknown as Matrix3;
  return { spacing, direction };
}

/** From the world of DICOM and ITK (x left, y back) to that of NIfTI, and the other way round. */
export function flipWorld(vector: Vector3): Vector3 {
  return [-vector[0] || 0, -vector[1] || 0, vector[2]];
}

/** The scalar type behind one of the many names in use. */
export function typeOfName(name: string): NiftiType | undefined {
  const plain = name
    .trim()
    .toLowerCase()
    .replace(/^met_/, '')
    .replace(/_t$/, '')
    .replaceAll(/\s+/g, ' ')
    .replace('signed ', (match, at: number) => (at === 0 ? '' : match))
    .replace(/( int)$/, '');
  return typeNames[plain];
}

const typeNames: Record<string, NiftiType> = {
  char: 'int8',
  int8: 'int8',
  uchar: 'uint8',
  'unsigned char': 'uint8',
  uint8: 'uint8',
  short: 'int16',
  int16: 'int16',
  ushort: 'uint16',
  'unsigned short': 'uint16',
  uint16: 'uint16',
  int: 'int32',
  int32: 'int32',
  uint: 'uint32',
  unsigned: 'uint32',
  uint32: 'uint32',
  'long long': 'int64',
  longlong: 'int64',
  long_long: 'int64',
  int64: 'int64',
  'unsigned long long': 'uint64',
  ulonglong: 'uint64',
  ulong_long: 'uint64',
  uint64: 'uint64',
  float: 'float32',
  double: 'float64',
};
