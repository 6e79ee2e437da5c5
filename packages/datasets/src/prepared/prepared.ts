import { basename, resolve } from 'node:path';
import { InputError, ShapeError } from '@fsmr/core';
import { assertSameGeometry, labelValues, readNifti, readNiftiLabels, type Volume } from '@fsmr/imaging';
import { foregroundThresholds } from '@fsmr/pseudo-labels';
import { statisticsOf } from '../episode/normalise.js';
import type { PreparationRecord } from '../prepare/record.js';
import { preparedSide } from '../prepare/region.js';
import type { SuperpixelStep } from '../prepare/superpixels.js';
import { type PublishedName, publishedTables } from '../tables.js';
import type { Dataset, Modality, Scan } from '../types.js';
import { type NumberedScan, numberedFolder } from './layout.js';

/** How a folder in the published layout is read. */
export interface PreparedOptions {
  readonly name?: string;
  /** Takes modality and classes from a published table; what a preparation recorded when absent. */
  readonly table?: PublishedName;
  /** Names of the foreground classes, ids from 1. */
  readonly classes?: readonly string[];
  readonly modality?: Modality;
  /**
   * Slices keep their rows and columns 0 to this number, after normalisation. When absent 256 as published, where
   * preparation leaves 257 at most, and larger slices are refused.
   */
  readonly side?: number;
}

/**
 * A folder in the published layout (datasets section 8.1): `image_{k}.nii.gz`, `label_{k}_{r}.nii.gz` a rater, or
 * `label_{k}.nii.gz` of the one rater; what the preparations of this package write, and what those of the published
 * programs wrote. Raters are named `rater1`, `rater2`, ... by their ids.
 *
 * Slices are cut from 257 x 257, as preparation leaves them, to 256 x 256; statistics for normalisation count the whole
 * stored volume (section 8.7).
 *
 * @throws InputError where the folder holds no scan. Faults inside files, slices of more than 257 pixels among them,
 *   appear when a scan is read.
 */
export async function preparedDataset(folder: string, options: PreparedOptions = {}): Promise<Dataset> {
  const { scans, raters, record, classMap } = await numberedFolder(folder);
  const table = options.table === undefined ? undefined : publishedTables[options.table];
  const names = options.classes ?? (table?.names ?? record?.names)?.slice(1) ?? ['object'];
  const find = (id: string): NumberedScan => {
    const scan = scans.find((known) => known.id === id);
    if (scan === undefined) throw new InputError(`there is no scan ${id}.`, { file: folder });
    return scan;
  };
  const cutting = cuttingOf(record, options.table);
  // Slices may lose all pixels of a class to an explicit side; then the labels are read. By default nothing is lost: the
  // 257th row and column are empty.
  const { side = Number.POSITIVE_INFINITY } = options;
  const isCut = record?.cases.some(({ size: [, height, width] }) => height > side || width > side) ?? false;
  const complete = scans.every(({ superpixels }) => superpixels !== undefined);
  return {
    name: options.name ?? record?.name ?? basename(resolve(folder)),
    raters,
    classes: names.map((name, index) => ({ id: index + 1, name })),
    modality: options.modality ?? table?.modality ?? record?.modality ?? 'other',
    scans: scans.map(({ id, labels, slices }) => ({
      id,
      raters: raters.filter((rater) => labels.has(rater)),
      classes: names.map((_name, index) => index + 1),
      ...(slices === undefined ? {} : { slices }),
    })),
    read: (id) => readNumbered(find(id), names.length, options.side),
    ...(classMap === undefined || isCut ? {} : { classMap: async () => classMap }),
    ...(cutting === undefined ? {} : { superpixelOptions: cutting }),
    ...(complete
      ? {
          superpixels: async (id: string) => {
            const volume = await readNiftiLabels(find(id).superpixels!);
            return cut(new Int32Array(volume.data), volume, options.side ?? preparedSide);
          },
        }
      : {}),
  };
}

/** How superpixels of the set are cut: as its preparation says, or as published for its table (pseudo-labels section 7.1). */
function cuttingOf(
  record: PreparationRecord | undefined,
  table: PublishedName | undefined,
): Dataset['superpixelOptions'] {
  const step = record?.superpixels ?? record?.steps.find(({ step: name }) => name === 'superpixels');
  if (step !== undefined) {
    const { scale, sigma, foregroundThreshold } = step as SuperpixelStep;
    return { scale, sigma, foregroundThreshold };
  }
  if (table === undefined) return undefined;
  return { foregroundThreshold: table === 'CHAOST2' ? foregroundThresholds.chaost2 : foregroundThresholds.ct };
}

async function readNumbered(files: NumberedScan, classes: number, wanted: number | undefined): Promise<Scan> {
  const image = await readNifti(files.image);
  const [width, height, slices] = image.size;
  const side = wanted ?? preparedSide;
  // One more row and column come from rounding up and are empty; more would be cut off the patient.
  if (wanted === undefined && (width > preparedSide + 1 || height > preparedSide + 1)) {
    throw new InputError(`slices of ${width} x ${height} are larger than preparation leaves them, 257 x 257 at most.`, {
      file: files.image,
      remedy: 'Prepare the raw images (`fsmr prepare`), or give each case a folder and choose the kind "folder".',
    });
  }
  const labels: Record<string, Uint8Array> = {};
  for (const [rater, file] of files.labels) {
    const map = await readNiftiLabels(file, { rater });
    if (map.size.some((extent, axis) => extent !== image.size[axis])) {
      throw new ShapeError(`the labels are ${map.size.join(' x ')}, the image is ${image.size.join(' x ')}.`, {
        file,
        rater,
        remedy: 'Prepare this scan again.',
      });
    }
    assertSameGeometry(image, map, { file, rater, reference: files.image });
    const unknown = labelValues(map.data).find((value) => value < 0 || value > classes);
    if (unknown !== undefined) {
      throw new InputError(`label ${unknown} is none of the ${classes} classes.`, {
        file,
        rater,
        remedy: 'Name all classes, or choose the table of this data set.',
      });
    }
    labels[rater] = cut(new Uint8Array(map.data), image, side);
  }
  const whole = width <= side && height <= side;
  const [sx, sy, sz] = image.spacing;
  return {
    id: files.id,
    size: [slices, Math.min(side, height), Math.min(side, width)],
    image: cut(image.data, image, side),
    labels,
    spacing: [sz, sy, sx],
    ...(whole ? {} : { stored: { ...statisticsOf(image.data), voxels: image.data.length } }),
  };
}

/** Rows and columns 0 to `side` of every slice. */
function cut<Data extends Float32Array | Uint8Array | Int32Array>(
  data: Data,
  { size }: Pick<Volume, 'size'>,
  side: number,
): Data {
  const [width, height, slices] = size;
  const [columns, rows] = [Math.min(side, width), Math.min(side, height)];
  if (columns === width && rows === height) return data;
  const result = new (data.constructor as new (length: number) => Data)(columns * rows * slices);
  for (let z = 0, to = 0; z < slices; z++) {
    for (let y = 0; y < rows; y++, to += columns) {
      const from = (z * height + y) * width;
      result.set(data.subarray(from, from + columns), to);
    }
  }
  return result;
}
