import { basename, join, resolve } from 'node:path';
import { InputError } from '@fsmr/core';
import type { Dataset, Modality, ScanInfo } from '../types.js';
import { type CaseFiles, findCases, readManifest } from './find-cases.js';
import { classIndexOf, type FolderOptions, groupOf, naturalOrder, raterFilter } from './options.js';
import { readCase } from './read-case.js';

interface Case {
  readonly files: CaseFiles;
  readonly info: ScanInfo;
  readonly classIndex: number | undefined;
}

/**
 * A folder with a subfolder a case: `image.png` or `image.nii.gz`, and beside it a mask a rater, whose file name is the
 * rater's name. Some raters may be missing in some cases. `manifest.json` is optional.
 *
 * A mask without any foreground is an answer ("there is nothing to see") and is read as such; only as the one support
 * mask of a rater it is of no use, see {@link evaluationEpisodes}.
 *
 * @throws InputError for a missing folder, a case without image, a rater named twice or not at all; ConfigError for a
 * case whose class or group is unknown. Faults inside files appear when a scan is read.
 */
export async function folderDataset(folder: string, options: FolderOptions = {}): Promise<Dataset> {
  const wanted = raterFilter(options.raters);
  const found = await findCases(folder, wanted);
  const manifest = await readManifest(folder);
  const raters = raterOrder(folder, found, options.raters);
  const classes = options.classes ?? textList(manifest.set.classes) ?? ['object'];
  const cases = new Map<string, Case>();
  for (const files of found) {
    const entry = manifest.cases.get(files.id) ?? {};
    const classIndex = classIndexOf(options, classes, files.id, entry);
    const group = groupOf(options, files.id, entry);
    const info: ScanInfo = {
      id: files.id,
      raters: raters.filter((rater) => files.masks.has(rater)),
      classes: classIndex === undefined ? classes.map((_name, index) => index + 1) : [classIndex + 1],
      ...(group === undefined ? {} : { group }),
      ...(/\.png$/i.test(files.image) ? { slices: 1 } : {}),
    };
    cases.set(files.id, { files, info, classIndex });
  }
  if (typeof options.group !== 'function') checkGroups(folder, [...cases.values()]);
  return {
    name: options.name ?? text(manifest.set.name) ?? basename(resolve(folder)),
    raters,
    classes: classes.map((name, index) => ({ id: index + 1, name })),
    modality: options.modality ?? modality(manifest.set.modality) ?? 'other',
    scans: [...cases.values()].map(({ info }) => info),
    async read(id) {
      const own = cases.get(id);
      if (own === undefined) throw new InputError(`there is no case ${id}.`, { file: folder });
      return readCase(own.files, own.info.raters, own.classIndex, classes.length);
    },
  };
}

/** A case whose group was forgotten could be divided from the others of its patient. */
function checkGroups(folder: string, cases: readonly Case[]): void {
  const without = cases.find(({ info }) => info.group === undefined);
  if (without === undefined || cases.every(({ info }) => info.group === undefined)) return;
  throw new InputError(`case ${without.info.id} has no group, others have one.`, {
    file: join(folder, 'manifest.json'),
    remedy: 'Give every case its `group` or `patient`; one that stands alone gets one of its own.',
  });
}

function raterOrder(folder: string, cases: readonly CaseFiles[], wanted: FolderOptions['raters']): string[] {
  const present = new Set(cases.flatMap(({ masks }) => [...masks.keys()]));
  const named = Array.isArray(wanted) ? (wanted as readonly string[]) : undefined;
  const missing = named?.find((rater) => !present.has(rater));
  if (missing !== undefined) {
    throw new InputError('outlined no case of this folder.', {
      file: folder,
      rater: missing,
      remedy: 'Check the name: it is the file name without its ending.',
    });
  }
  if (present.size === 0) {
    throw new InputError('no rater was found.', {
      file: folder,
      remedy: 'Put a mask a rater beside each image, or correct the pattern for raters.',
    });
  }
  return named === undefined ? naturalOrder(present) : [...named];
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const modality = (value: unknown): Modality | undefined =>
  value === 'CT' || value === 'MR' || value === 'other' ? value : undefined;

function textList(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string')
    ? value
    : undefined;
}
