import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InputError, ShapeError } from '@fsmr/core/errors';
import {
  createLabelVolume,
  type LabelVolume,
  readDicomSeries,
  readGreyPng,
  reorient,
  type Volume,
} from '@fsmr/imaging';
import { listFolder } from '../folder/find-cases.js';
import type { RawCase } from './run.js';

/** Class ids by the grey values of the CHAOS challenge: liver, right kidney, left kidney, spleen. */
const greyValues: Readonly<Record<number, number>> = { 0: 0, 63: 1, 126: 2, 189: 3, 252: 4 };

// The way dcm2niix lays axial slices down, and with it the published preparation.
const orientation = 'LAS';

const stem = (file: string): string => basename(file).replace(/\.[^.]*$/, '');

/**
 * The cases of the CHAOS download, `Train_Sets/MR/{id}/T2SPIR` with `DICOM_anon/*.dcm` and `Ground/*.png`, in a folder,
 * its `MR` or its `Train_Sets/MR`; undefined where there is none.
 *
 * @throws InputError for a case without labels, such as those of the challenge's test set.
 */
export async function chaosCases(folder: string): Promise<RawCase[] | undefined> {
  for (const inner of ['Train_Sets/MR', 'MR', '']) {
    if (!existsSync(join(folder, inner))) continue;
    const entries = await listFolder(join(folder, inner));
    const found = entries.filter(({ name }) => existsSync(join(folder, inner, name, 'T2SPIR', 'DICOM_anon')));
    if (found.length > 0) return Promise.all(found.map(({ name }) => chaosCase(folder, join(inner, name), name)));
  }
  return undefined;
}

async function chaosCase(folder: string, inner: string, source: string): Promise<RawCase> {
  const file = join(folder, inner);
  if (!/^\d+$/.test(source)) {
    throw new InputError('the folders of CHAOS cases are numbers.', {
      file,
      remedy: 'Move it away, or restore its name.',
    });
  }
  const [image, ground] = [join(inner, 'T2SPIR', 'DICOM_anon'), join(inner, 'T2SPIR', 'Ground')];
  if (!existsSync(join(folder, ground))) {
    throw new InputError('this case has no T2SPIR/Ground.', {
      file,
      remedy: 'Only the training set of CHAOS has labels; move other cases away.',
    });
  }
  const inside = async (part: string): Promise<string[]> =>
    (await listFolder(join(folder, part))).filter((entry) => !entry.isDirectory()).map(({ name }) => join(part, name));
  const files = [...(await inside(image)), ...(await inside(ground))];
  return { number: Number(source), source, image, masks: new Map([[1, ground]]), files, warnings: [] };
}

/**
 * Reads a case of {@link chaosCases}: the series as one scan, and for each of its slices the picture of the same name;
 * where names differ throughout, the pictures in their order.
 *
 * @throws InputError, ShapeError or GeometryError for damaged files, a slice without picture, another size or an unknown
 * grey value.
 */
export async function readChaosCase(
  folder: string,
  raw: RawCase,
): Promise<{ image: Volume; labels: Map<number, LabelVolume>; warnings: string[] }> {
  const { files, ...scan } = await readDicomSeries(join(folder, raw.image));
  const ground = join(folder, raw.masks.get(1)!);
  const pictures = (await listFolder(ground)).filter(({ name }) => /\.png$/i.test(name)).map(({ name }) => name);
  const pictureOf = matchPictures(files, pictures, ground);
  const area = scan.size[0] * scan.size[1];
  const data = new Uint8Array(area * files.length);
  for (const [z, file] of files.entries()) {
    data.set(await readLabels(join(ground, pictureOf.get(file)!), scan.size), z * area);
  }
  const labels = reorient(createLabelVolume(data, scan.size, scan), orientation);
  return { image: reorient(scan, orientation), labels: new Map([[1, labels]]), warnings: [] };
}

function matchPictures(slices: readonly string[], pictures: readonly string[], ground: string): Map<string, string> {
  const place = { file: ground, rater: '1', remedy: 'Get the case again from the CHAOS download.' };
  if (pictures.length !== slices.length) {
    throw new InputError(`there are ${pictures.length} pictures of labels for ${slices.length} slices.`, place);
  }
  const byStem = new Map(pictures.map((picture) => [stem(picture), picture]));
  const inOrder = [...slices].sort((a, b) => stem(a).localeCompare(stem(b), 'en', { numeric: true }));
  const named = slices.filter((slice) => byStem.has(stem(slice)));
  if (named.length === 0) return new Map(inOrder.map((slice, index) => [slice, pictures[index]!]));
  const lost = slices.find((slice) => !byStem.has(stem(slice)));
  if (lost !== undefined) throw new InputError(`there is no picture of labels for the slice ${basename(lost)}.`, place);
  return new Map(slices.map((slice) => [slice, byStem.get(stem(slice))!]));
}

async function readLabels(file: string, [width, height]: readonly number[]): Promise<Uint8Array> {
  const picture = await readGreyPng(file);
  const place = { file, rater: '1' };
  if (picture.width !== width || picture.height !== height) {
    throw new ShapeError(
      `the labels are ${picture.width} x ${picture.height}, the slice is ${width} x ${height}.`,
      place,
    );
  }
  const labels = new Uint8Array(picture.data.length);
  for (let i = 0; i < labels.length; i++) {
    const id = greyValues[picture.data[i]!];
    if (id === undefined) {
      throw new InputError(
        `the labels hold the grey value ${picture.data[i]}, known are ${Object.keys(greyValues).join(', ')}.`,
        { ...place, remedy: 'Take the ground truth of the MR part; CT has other values.' },
      );
    }
    labels[i] = id;
  }
  return labels;
}
