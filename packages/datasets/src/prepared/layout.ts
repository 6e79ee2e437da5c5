import { join } from 'node:path';
import { InputError } from '@fsmr/core';
import { readNiftiHeader } from '@fsmr/imaging';
import { listFolder } from '../folder/find-cases.js';
import { type PreparationRecord, preparationFile, readJson } from '../prepare/record.js';
import type { ClassMap } from '../types.js';

/** One scan of a folder in the published layout. */
export interface NumberedScan {
  readonly id: string;
  readonly image: string;
  /** File of each rater's labels by the rater's name. */
  readonly labels: ReadonlyMap<string, string>;
  readonly superpixels: string | undefined;
  readonly slices: number | undefined;
}

/** What a folder in the published layout holds (datasets section 8.1). */
export interface NumberedFolder {
  readonly scans: readonly NumberedScan[];
  /** Rater ids in ascending order. */
  readonly raters: readonly string[];
  readonly record: PreparationRecord | undefined;
  readonly classMap: ClassMap | undefined;
}

// `label_3.nii.gz` without a rater is the one rater of a single-rater set, id 1.
const labelName = /^label_(\d+)(?:_(\d+))?\.nii(?:\.gz)?$/;
const imageName = /^image_(\d+)\.nii(?:\.gz)?$/;
const superpixelName = /^superpix-MIDDLE_(\d+)\.nii(?:\.gz)?$/;

/** The name of the rater with an id. */
export const raterName = (id: number | string): string => `rater${Number(id)}`;

/**
 * Finds the scans of a folder, ids ascending as numbers.
 * @throws InputError where there is none, a label without image, or a preparation that was not finished
 */
export async function numberedFolder(folder: string): Promise<NumberedFolder> {
  const images = new Map<string, string>();
  const superpixels = new Map<string, string>();
  const labels = new Map<string, Map<number, string>>();
  const record = await readRecord(folder);
  const entries = await listFolder(folder);
  if (record === undefined && entries.some(({ name }) => name === 'records')) {
    throw new InputError('the preparation of this folder was not finished.', {
      file: folder,
      remedy: 'Run the preparation again; it goes on where it stopped.',
    });
  }
  // Files of an earlier preparation may still lie there.
  const made = record && new Set(record.cases.flatMap(({ outputs }) => outputs.map(({ file }) => file)));
  for (const { name } of entries) {
    if (made?.has(name) === false) continue;
    const image = imageName.exec(name);
    const label = labelName.exec(name);
    const regions = superpixelName.exec(name);
    if (image !== null) images.set(image[1]!, join(folder, name));
    if (regions !== null) superpixels.set(regions[1]!, join(folder, name));
    if (label === null) continue;
    const own = labels.get(label[1]!) ?? new Map<number, string>();
    const rater = Number(label[2] ?? 1);
    const first = own.get(rater);
    if (first !== undefined) {
      throw new InputError(`the rater is named twice: also ${first}.`, {
        file: join(folder, name),
        rater: raterName(rater),
        remedy: 'Remove one of the two files.',
      });
    }
    labels.set(label[1]!, own.set(rater, join(folder, name)));
  }
  if (images.size === 0) {
    throw new InputError('no image_{k}.nii.gz was found.', {
      file: folder,
      remedy: 'Prepare the raw data first, or read a folder of cases instead.',
    });
  }
  const lost = [...labels.keys()].find((id) => !images.has(id));
  if (lost !== undefined) throw new InputError(`scan ${lost} has labels but no image.`, { file: folder });
  const ids = [...images.keys()].sort((a, b) => Number(a) - Number(b));
  const raters = [...new Set([...labels.values()].flatMap((own) => [...own.keys()]))].sort((a, b) => a - b);
  return {
    record,
    raters: raters.map(raterName),
    classMap: record === undefined ? undefined : recordedClassMap(record),
    scans: await Promise.all(
      ids.map(async (id) => ({
        id,
        image: images.get(id)!,
        superpixels: superpixels.get(id),
        slices:
          record?.cases.find(({ number }) => String(number) === id)?.size[0] ?? (await storedSlices(images.get(id)!)),
        labels: new Map(
          [...(labels.get(id) ?? [])].sort(([a], [b]) => a - b).map(([rater, file]) => [raterName(rater), file]),
        ),
      })),
    ),
  };
}

/** The slices of a volume by its header; what is wrong with the file is said when it is read. */
async function storedSlices(file: string): Promise<number | undefined> {
  const header = await readNiftiHeader(file).catch(() => undefined);
  return header?.grid.size[2];
}

async function readRecord(folder: string): Promise<PreparationRecord | undefined> {
  const record = (await readJson(join(folder, preparationFile))) as PreparationRecord | undefined;
  return record?.format === 'fsmr-preparation-1' ? record : undefined;
}

function recordedClassMap({ cases }: PreparationRecord): ClassMap {
  return Object.fromEntries(
    cases.map(({ number, classes }) => [
      String(number),
      Object.fromEntries(
        Object.entries(classes)
          .filter(([id]) => id !== '0')
          .map(([id, ofClass]) => [
            id,
            Object.fromEntries(Object.entries(ofClass).map(([rater, slices]) => [raterName(rater), slices])),
          ]),
      ),
    ]),
  );
}
