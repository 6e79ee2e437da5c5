import { InputError } from '@fsmr/core/errors';
import { checkGrid, type Grid, type Vector3, voxelCount } from './geometry.js';
import { gunzipExactly } from './gzip.js';
import { scalarTypes } from './nifti-types.js';
import { directionOfSteps, flipWorld, headerLines, numbersOf, sizeOfExtents, typeOfName } from './text-header.js';
import type { LabelVolume, Volume } from './volume.js';
import { checkDimensions, labelsOf, type ReadOptions, scanOf, storedValues, type VoxelHeader } from './voxels.js';

/** Whether bytes start as a NRRD file does. */
export function isNrrd(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(0, 4)) === 'NRRD';
}

type Fields = ReadonlyMap<string, string>;

type ToWorld = (vector: Vector3) => Vector3;

/** The file's world as NIfTI's, which has x to the right and y to the front; one without a name is taken for that. */
function worldOf(fields: Fields, file: string | undefined): ToWorld {
  const space = fields.get('space')?.toLowerCase();
  switch (space) {
    case undefined:
    case 'ras':
    case 'right-anterior-superior':
      return (vector) => vector;
    case 'lps':
    case 'left-posterior-superior':
      return flipWorld;
    case 'las':
    case 'left-anterior-superior':
      return ([x, y, z]) => [-x || 0, y, z];
    default:
      throw new InputError(`the space ${JSON.stringify(space)} says not where left and right are.`, {
        file,
        remedy: 'Save the volume in the space left-posterior-superior or right-anterior-superior.',
      });
  }
}

function gridOf(fields: Fields, size: Vector3, dimensions: number, file: string | undefined): Grid {
  const world = worldOf(fields, file);
  const directions = fields.get('space directions');
  if (directions === undefined || dimensions < 3) {
    const text = fields.get('spacings');
    const spacings = text === undefined ? [1, 1, 1] : numbersOf(text, dimensions, 'spacings', file);
    const spacing: Vector3 = [spacings[0]!, spacings[1]!, spacings[2] ?? 1];
    const direction = directionOfSteps([world([1, 0, 0]), world([0, 1, 0]), [0, 0, 1]]).direction;
    return { size, spacing, origin: [0, 0, 0], direction };
  }
  const vector = (text: string, field: string): Vector3 =>
    world(numbersOf(text.replaceAll(/[(),]/g, ' '), 3, field, file) as unknown as Vector3);
  const parts = directions.match(/\([^)]*\)/g) ?? [];
  if (parts.length !== 3) throw new InputError('the header needs three space directions.', { file });
  const origin = fields.get('space origin');
  return {
    size,
    ...directionOfSteps(parts.map((part) => vector(part, 'space directions'))),
    origin: origin === undefined ? [0, 0, 0] : vector(origin, 'space origin'),
  };
}

interface Nrrd {
  readonly header: VoxelHeader;
  readonly values: ArrayLike<number>;
}

function refuse(what: string, file: string | undefined): InputError {
  return new InputError(what, { file, remedy: 'Save the volume as one raw or gzip encoded file.' });
}

function fieldsOf(lines: readonly string[]): Fields {
  const fields = new Map<string, string>();
  for (const line of lines.slice(1)) {
    const match = /^([^#:]+):(?!=)\s*(.*)$/.exec(line);
    if (match !== null) fields.set(match[1]!.trim().toLowerCase(), match[2]!.trim());
  }
  return fields;
}

function parse(bytes: Uint8Array, options: ReadOptions): Nrrd {
  const { file } = options;
  if (!isNrrd(bytes)) throw new InputError('this is not a NRRD file.', { file, remedy: 'Give a .nrrd file.' });
  const { lines, end } = headerLines(bytes, (line) => line === '', file);
  const fields = fieldsOf(lines);
  if (fields.has('data file') || fields.has('datafile')) throw refuse('the voxels are in another file.', file);
  if (['line skip', 'byte skip'].some((field) => (fields.get(field) ?? '0') !== '0')) {
    throw refuse('skipped lines or bytes are not supported.', file);
  }
  const dimensions = numbersOf(fields.get('dimension'), 1, 'dimension', file)[0]!;
  if (dimensions !== 2 && dimensions !== 3)
    throw refuse(`two or three dimensions are needed, found ${dimensions}.`, file);
  const size = sizeOfExtents(numbersOf(fields.get('sizes'), dimensions, 'sizes', file));
  const type = typeOfName(fields.get('type') ?? '');
  if (type === undefined) throw refuse(`voxels of type ${JSON.stringify(fields.get('type'))} cannot be used.`, file);
  const grid = gridOf(fields, size, dimensions, file);
  checkGrid(grid, { file });
  const littleEndian = fields.get('endian')?.toLowerCase() !== 'big';
  const header: VoxelHeader = { grid, dimensions, type, littleEndian, slope: 1, intercept: 0 };
  checkDimensions(header, options);
  const body = bytes.subarray(end);
  switch (fields.get('encoding')?.toLowerCase()) {
    case 'raw':
      return { header, values: storedValues(body, 0, header, options) };
    case 'gzip':
    case 'gz': {
      const plain = gunzipExactly(body, voxelCount(size) * scalarTypes[type].bytes, options);
      return { header, values: storedValues(plain, 0, header, options) };
    }
    default:
      throw refuse(`the encoding ${JSON.stringify(fields.get('encoding'))} is not supported.`, file);
  }
}

/**
 * The scan in the bytes of a `.nrrd` file: raw or gzip encoding, voxels in the same file, two or three dimensions.
 * @throws InputError for anything else, and where a voxel is not finite.
 */
export function decodeNrrd(bytes: Uint8Array, options: ReadOptions = {}): Volume {
  const { header, values } = parse(bytes, options);
  return scanOf(values, header, options);
}

/** The label map in the bytes of a `.nrrd` file. @throws InputError see {@link decodeNrrd}, and where a voxel is no integer. */
export function decodeNrrdLabels(bytes: Uint8Array, options: ReadOptions = {}): LabelVolume {
  const { header, values } = parse(bytes, options);
  return labelsOf(values, header, options);
}
