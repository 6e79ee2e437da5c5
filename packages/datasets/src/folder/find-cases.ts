import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@fsmr/core';
import { type ManifestEntry, naturalOrder } from './options.js';

/** The files of one case. */
export interface CaseFiles {
  readonly id: string;
  readonly folder: string;
  readonly image: string;
  /** Path of each rater's mask by the rater's name. */
  readonly masks: ReadonlyMap<string, string>;
}

/** The stem of an image file, `image` for `image.nii.gz`; undefined for files of other kinds. */
export function imageStem(file: string): string | undefined {
  return /^([^.].*?)\.(png|nii|nii\.gz|nrrd|mha)$/i.exec(file)?.[1];
}

/** The stem of an image file of a kind that is not read; undefined for all other files. */
function foreignStem(file: string): string | undefined {
  return /^([^.].*?)\.(jpe?g|tiff?|bmp|gif|webp|dcm|mhd|mgz|hdr|img|npy|npz)$/i.exec(file)?.[1]?.trimEnd();
}

/** The entries of a folder in natural order. @throws InputError where it is missing or no folder */
export async function listFolder(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const byName = new Map(entries.map((entry) => [entry.name, entry]));
    return naturalOrder(byName.keys()).map((name) => byName.get(name)!);
  } catch (cause) {
    const code = (cause as { code?: string }).code;
    const fault =
      code === 'ENOENT' ? 'there is no such folder.' : code === 'ENOTDIR' ? 'this is no folder.' : 'cannot be read.';
    throw new InputError(fault, { file: folder, cause, remedy: 'Check the path.' });
  }
}

/** The names of the folders in a folder, links to folders among them, in natural order. @throws InputError */
export async function listSubfolders(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await listFolder(folder)) {
    // A link that leads nowhere counts: whoever reads it is told.
    const isFile = entry.isSymbolicLink()
      ? await stat(join(folder, entry.name)).then(
          (found) => !found.isDirectory(),
          () => false,
        )
      : !entry.isDirectory();
    if (!isFile) names.push(entry.name);
  }
  return names;
}

/**
 * The files of one case folder.
 * @throws InputError without an image, where a rater or the image is there twice, or is of a kind that is not read
 */
export async function caseFiles(folder: string, id: string, wanted: (rater: string) => boolean): Promise<CaseFiles> {
  const found = new Map<string, string>();
  for (const entry of await listFolder(folder)) {
    const foreign = entry.isDirectory() ? undefined : foreignStem(entry.name);
    if (foreign !== undefined && (foreign === 'image' || wanted(foreign))) {
      throw new InputError('images of this kind are not read.', {
        file: join(folder, entry.name),
        ...(foreign === 'image' ? {} : { rater: foreign }),
        remedy: 'Save it as PNG, NIfTI, NRRD or MetaImage (.mha), or move it away.',
      });
    }
    const stem = entry.isDirectory() ? undefined : imageStem(entry.name);
    if (stem === undefined || (stem !== 'image' && !wanted(stem))) continue;
    const first = found.get(stem);
    const file = join(folder, entry.name);
    if (first !== undefined) {
      const what = stem === 'image' ? 'the image is there twice' : 'this rater is named twice';
      throw new InputError(`${what}: also ${first}.`, {
        file,
        ...(stem === 'image' ? {} : { rater: stem }),
        remedy: 'Remove one of the two files.',
      });
    }
    found.set(stem, file);
  }
  const image = found.get('image');
  found.delete('image');
  if (image === undefined) {
    throw new InputError('this case has no image.', {
      file: folder,
      remedy: 'Add image.png or image.nii.gz, or move the folder away.',
    });
  }
  return { id, folder, image, masks: found };
}

/** Every case of a folder, one subfolder each. @throws InputError where there is none, and as {@link caseFiles} */
export async function findCases(folder: string, wanted: (rater: string) => boolean): Promise<CaseFiles[]> {
  const cases: CaseFiles[] = [];
  for (const name of await listSubfolders(folder)) {
    if (!name.startsWith('.')) cases.push(await caseFiles(join(folder, name), name, wanted));
  }
  if (cases.length === 0) {
    throw new InputError('no case was found.', {
      file: folder,
      remedy: 'Give each case a folder with image.png (or .nii.gz) and a mask a rater.',
    });
  }
  return cases;
}

/** `manifest.json` of a folder. */
export interface Manifest {
  /** Fields about the whole set: `name`, `modality`, `classes`. */
  readonly set: ManifestEntry;
  readonly cases: ReadonlyMap<string, ManifestEntry>;
}

/**
 * Reads `manifest.json`: a list of entries with a field `case` (or `id`), or an object with such a list as `cases`.
 * @returns an empty manifest where the file is absent
 * @throws InputError where it is no such JSON
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, 'manifest.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ENOENT') return { set: {}, cases: new Map() };
    throw new InputError('cannot be read.', { file, cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InputError('is no JSON.', { file, cause, remedy: 'Correct it, or remove it: a manifest is optional.' });
  }
  const set = isRecord(json) ? json : {};
  const list: unknown = Array.isArray(json) ? json : (set.cases ?? []);
  if (!Array.isArray(list)) throw new InputError('`cases` must be a list.', { file });
  const cases = new Map<string, ManifestEntry>();
  for (const [index, entry] of list.entries()) {
    const id: unknown = isRecord(entry) ? (entry.case ?? entry.id) : undefined;
    if (!isRecord(entry) || typeof id !== 'string') {
      throw new InputError(`entry ${index} names no case.`, { file, remedy: 'Give each entry a text field `case`.' });
    }
    if (cases.has(id)) throw new InputError(`case ${id} is listed twice.`, { file });
    cases.set(id, entry);
  }
  return { set, cases };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
