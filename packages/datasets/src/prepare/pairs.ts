import { realpath } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { InputError } from '@fsmr/core/errors';
import { listFolder, listSubfolders } from '../folder/find-cases.js';
import type { RawCase } from './run.js';

/** What images and their labels are called, the number being the one group. */
export interface PairNames {
  readonly image: RegExp;
  readonly label: RegExp;
  /** Both in words, for errors. */
  readonly example: string;
}

/** Every file below a folder, links followed and each folder looked into once. */
async function filesBelow(
  folder: string,
  out: string,
  seen = new Set<string>(),
): Promise<{ name: string; path: string }[]> {
  const real = await realpath(folder).catch(() => folder);
  if (seen.has(real) || resolve(folder) === resolve(out)) return [];
  seen.add(real);
  const folders = await listSubfolders(folder);
  const files = (await listFolder(folder))
    .filter(({ name }) => !folders.includes(name))
    .map(({ name }) => ({ name, path: join(folder, name) }));
  for (const inner of folders) files.push(...(await filesBelow(join(folder, inner), out, seen)));
  return files;
}

/**
 * Images and labels that share a number, wherever they lie below a folder: archives are unpacked in many ways.
 * @param out what was prepared before; not looked into where it lies in the folder.
 * @throws InputError for a missing folder, one without images, an image without labels, labels without image, or a number
 *   that two files have.
 */
export async function pairedCases(folder: string, names: PairNames, out: string): Promise<RawCase[]> {
  const files = (await filesBelow(folder, out))
    .map(({ name, path }) => ({ name, path: relative(folder, path) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const numbered = (pattern: RegExp): Map<number, string> => {
    const found = new Map<number, string>();
    for (const { name, path } of files) {
      const match = pattern.exec(name);
      if (match === null) continue;
      const number = Number(match[1]);
      const first = found.get(number);
      if (first !== undefined) {
        throw new InputError(`number ${number} is there twice, also as ${first}.`, {
          file: join(folder, path),
          remedy: 'Move one of the two files away.',
        });
      }
      found.set(number, path);
    }
    return found;
  };
  const [images, labels] = [numbered(names.image), numbered(names.label)];
  if (images.size === 0) {
    throw new InputError('no case was found.', { file: folder, remedy: `Files are expected as ${names.example}.` });
  }
  const alone = [...labels].find(([number]) => !images.has(number));
  if (alone !== undefined) {
    throw new InputError('these labels have no image.', {
      file: join(folder, alone[1]),
      remedy: `Add it, or move them away; files are expected as ${names.example}.`,
    });
  }
  return [...images]
    .sort(([a], [b]) => a - b)
    .map(([number, image]) => {
      const label = labels.get(number);
      if (label === undefined) {
        throw new InputError('this image has no labels.', {
          file: join(folder, image),
          remedy: 'Add them, or move it away; test images of a challenge have none.',
        });
      }
      return { number, source: image, image, masks: new Map([[1, label]]), warnings: [] };
    });
}
