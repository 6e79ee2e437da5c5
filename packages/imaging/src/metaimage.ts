import { InputError } from '@fsmr/core/errors';
import { checkGrid, type Vector3, voxelCount } from './geometry.js';
import { gunzipExactly } from './gzip.js';
import { scalarTypes } from './nifti-types.js';
import { directionOfSteps, flipWorld, headerLines, numbersOf, sizeOfExtents, typeOfName } from './text-header.js';
import type { LabelVolume, Volume } from './volume.js';
import { checkDimensions, labelsOf, type ReadOptions, scanOf, storedValues, type VoxelHeader } from './voxels.js';

/** Whether bytes start as a MetaImage (`.mha`) header does. */
export function isMetaImage(bytes: Uint8Array): boolean {
  return /^\s*(ObjectType|NDims|Comment)\s*=/.test(String.fromCharCode(...bytes.subarray(0, 64)));
}

const isTrue = (text: string | undefined): boolean => text?.toLowerCase() === 'true' || text === '1';

interface MetaImage {
  readonly header: VoxelHeader;
  readonly values: ArrayLike<number>;
}

function parse(bytes: Uint8Array, options: ReadOptions): MetaImage {
  const { file } = options;
  const refuse = (what: string): InputError =>
    new InputError(what, { file, remedy: 'Save the volume as one .mha file of plain numbers.' });
  if (!isMetaImage(bytes)) throw refuse('this is not a MetaImage file.');
  const { lines, end } = headerLines(bytes, (line) => /^\s*ElementDataFile\s*=/.test(line), file);
  const fields = new Map<string, string>();
  for (const line of lines) {
    const match = /^\s*([A-Za-z]+)\s*=\s*(.*)$/.exec(line);
    if (match !== null) fields.set(match[1]!, match[2]!.trim());
  }
  if (fields.get('ElementDataFile') !== 'LOCAL') throw refuse('the voxels are in another file.');
  if ((fields.get('ElementNumberOfChannels') ?? '1') !== '1') throw refuse('the file has several channels.');
  if (fields.has('HeaderSize')) throw refuse('a separate header size is not supported.');
  const dimensions = numbersOf(fields.get('NDims'), 1, 'NDims', file)[0]!;
  if (dimensions !== 2 && dimensions !== 3) throw refuse(`two or three dimensions are needed, found ${dimensions}.`);
  const size = sizeOfExtents(numbersOf(fields.get('DimSize'), dimensions, 'DimSize', file));
  const type = typeOfName(fields.get('ElementType') ?? '');
  if (type === undefined) throw refuse(`voxels of type ${JSON.stringify(fields.get('ElementType'))} cannot be used.`);
  const littleEndian = !isTrue(fields.get('BinaryDataByteOrderMSB') ?? fields.get('ElementByteOrderMSB'));
  const header: VoxelHeader = {
    grid: gridOf(fields, size, dimensions, file),
    dimensions,
    type,
    littleEndian,
    slope: 1,
    intercept: 0,
  };
  checkDimensions(header, options);
  const body = bytes.subarray(end);
  const length = voxelCount(size) * scalarTypes[type].bytes;
  const plain = isTrue(fields.get('CompressedData')) ? gunzipExactly(body, length, options) : body;
  return { header, values: storedValues(plain, 0, header, options) };
}

function gridOf(fields: ReadonlyMap<string, string>, size: Vector3, dimensions: number, file: string | undefined) {
  const list = (name: string, count: number, fallback: readonly number[]): readonly number[] => {
    const text = fields.get(name);
    return text === undefined ? fallback : numbersOf(text, count, name, file);
  };
  // Programs know these fields by several names.
  const named = (...names: readonly string[]): string => names.find((name) => fields.has(name)) ?? names[0]!;
  const spacings = list(named('ElementSpacing', 'ElementSize'), dimensions, [1, 1, 1]);
  const spacing: Vector3 = [spacings[0]!, spacings[1]!, spacings[2] ?? 1];
  const offset = list(named('Position', 'Offset', 'Origin'), dimensions, [0, 0, 0]);
  // Each row of the matrix is the direction of one voxel axis.
  const matrix = list(
    named('TransformMatrix', 'Rotation', 'Orientation'),
    dimensions * dimensions,
    dimensions === 3 ? [1, 0, 0, 0, 1, 0, 0, 0, 1] : [],
  );
  const rows: Vector3[] =
    dimensions === 3
      ? [0, 3, 6].map((at) => [matrix[at]!, matrix[at + 1]!, matrix[at + 2]!])
      : [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ];
  const grid = {
    size,
    spacing,
    direction: directionOfSteps(rows.map(flipWorld)).direction,
    origin: flipWorld([offset[0]!, offset[1]!, offset[2] ?? 0]),
  };
  checkGrid(grid, { file });
  return grid;
}

/**
 * The scan in the bytes of a `.mha` file: voxels in the same file, plain or compressed, two or three dimensions.
 * @throws InputError for anything else, and where a voxel is not finite.
 */
export function decodeMetaImage(bytes: Uint8Array, options: ReadOptions = {}): Volume {
  const { header, values } = parse(bytes, options);
  return scanOf(values, header, options);
}

/** The label map in the bytes of a `.mha` file. @throws InputError see {@link decodeMetaImage}, and where a voxel is no integer. */
export function decodeMetaImageLabels(bytes: Uint8Array, options: ReadOptions = {}): LabelVolume {
  const { header, values } = parse(bytes, options);
  return labelsOf(values, header, options);
}
