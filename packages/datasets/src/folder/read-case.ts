import { InputError, ShapeError } from '@fsmr/core';
import {
  assertSameGeometry,
  type Grid,
  labelValues,
  type Mask2D,
  readGreyPng,
  readLabelVolume,
  readMaskPng,
  readVolume,
} from '@fsmr/imaging';
import type { Scan } from '../types.js';
import type { CaseFiles } from './find-cases.js';

type Size = Scan['size'];

interface Voxels<Data> {
  readonly size: Size;
  readonly data: Data;
  /** Absent for PNG, which has no place in the world. */
  readonly grid?: Grid;
}

const isPng = (file: string): boolean => /\.png$/i.test(file);

const sizeOf = ({ size: [x, y, z] }: Grid): Size => [z, y, x];

/** Reads an image as a scan's voxels. @throws InputError where it is no image */
export async function readImage(file: string): Promise<Voxels<Float32Array>> {
  if (isPng(file)) {
    const { width, height, data } = await readGreyPng(file);
    return { size: [1, height, width], data };
  }
  const volume = await readVolume(file, { allow2D: true });
  return { size: sizeOf(volume), data: volume.data, grid: volume };
}

// Which id each value of a file stands for, checked.
function classIds(
  data: ArrayLike<number>,
  classIndex: number | undefined,
  classCount: number,
  place: { file: string; rater: string },
): Uint8Array {
  const values = labelValues(data);
  if (classIndex === undefined) {
    const odd = values.find((value) => !Number.isInteger(value) || value < 0 || value > classCount);
    if (odd !== undefined) {
      throw new InputError(`a label map holds class ids 0 to ${classCount}, this one holds ${odd}.`, {
        ...place,
        remedy: 'Name all classes, or map the labels to their ids.',
      });
    }
    return new Uint8Array(data);
  }
  const [low, high] = [values[0]!, values.at(-1)!];
  if (values.length > 2 || (values.length === 2 && low !== 0) || low < 0) {
    throw new InputError(`a mask has two values, 0 and another, this file has ${values.slice(0, 5).join(', ')}.`, {
      ...place,
      remedy: 'Save one class as a mask, or name the classes of a label map.',
    });
  }
  const id = classIndex + 1;
  const ids = new Uint8Array(data.length);
  if (high > 0) for (let i = 0; i < ids.length; i++) if (data[i] === high) ids[i] = id;
  return ids;
}

// The reader of PNG takes any two values; a writer whose background is not 0 would have its empty masks read as full.
async function readZeroBasedMask(file: string, rater: string): Promise<Mask2D> {
  const mask = await readMaskPng(file, rater);
  const background = mask.data.indexOf(0);
  if (background < 0) return mask;
  const { data } = await readGreyPng(file, rater);
  const low = data[background]!;
  if (low !== 0) {
    throw new InputError(`a mask has two values, 0 and another, this file has ${low}, ${data[mask.data.indexOf(1)]}.`, {
      file,
      rater,
      remedy: 'Save the background as 0, so that an empty mask is told from a full one.',
    });
  }
  return mask;
}

/** Reads one rater's labels as class ids. @throws InputError for what is no mask, or unknown ids */
export async function readLabels(
  file: string,
  rater: string,
  classIndex: number | undefined,
  classCount: number,
): Promise<Voxels<Uint8Array>> {
  const place = { file, rater };
  if (isPng(file)) {
    const { width, height, data } =
      classIndex === undefined ? await readGreyPng(file, rater) : await readZeroBasedMask(file, rater);
    return { size: [1, height, width], data: classIds(data, classIndex, classCount, place) };
  }
  const volume = await readLabelVolume(file, { allow2D: true, rater });
  return { size: sizeOf(volume), data: classIds(volume.data, classIndex, classCount, place), grid: volume };
}

/**
 * Reads a case: the image and the labels of its raters, in the order given.
 * @throws ShapeError for a mask of another size than its image; GeometryError for one in another place; InputError for
 * what is no image or no mask.
 */
export async function readCase(
  files: CaseFiles,
  raters: readonly string[],
  classIndex: number | undefined,
  classCount: number,
): Promise<Scan> {
  const image = await readImage(files.image);
  const labels: Record<string, Uint8Array> = {};
  for (const rater of raters) {
    const file = files.masks.get(rater);
    if (file === undefined) continue;
    const mask = await readLabels(file, rater, classIndex, classCount);
    if (mask.size.some((extent, axis) => extent !== image.size[axis])) {
      throw new ShapeError(
        `the mask is ${sizeText(mask.size)}, but its image ${files.image} is ${sizeText(image.size)}.`,
        {
          file,
          rater,
          remedy: 'Outline the image itself, or resample the mask to its size.',
        },
      );
    }
    if (image.grid !== undefined && mask.grid !== undefined) {
      assertSameGeometry(image.grid, mask.grid, { file, rater, reference: files.image });
    }
    labels[rater] = mask.data;
  }
  const spacing = image.grid?.spacing;
  return {
    id: files.id,
    size: image.size,
    image: image.data,
    labels,
    ...(spacing === undefined ? {} : { spacing: [spacing[2], spacing[1], spacing[0]] as const }),
  };
}

function sizeText([slices, height, width]: Size): string {
  return slices === 1 ? `${height} x ${width}` : `${slices} x ${height} x ${width}`;
}
