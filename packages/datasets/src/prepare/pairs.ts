import { readdir } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { InputError } from '@fsmr/core/errors';
import { listFolder } from '../folder/find-cases.js';
import type { RawCase } from './run.js';

/** What images and their labels are called, the number being the one group. */
export interface PairNames {
  readonly image: RegExp;
  readonly label: RegExp;
}

/**
 * Images and labels that share a number, wherever they lie below a folder: archives are unpacked in many ways.
 * @param out what was prepared before; not looked into where it lies in the folder.
 * @throws InputError for a missing folder, an image without labels, or a number that two files have.
 */
export async function pairedCases(folder: string, names: PairNames, out: string): Promise<RawCase[]> {
  // Says well what is wrong with a folder that is missing.
  await listFolder(folder);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter(
      (entry) => !entry.isDirectory() && !`${resolve(entry.parentPath)}${sep}`.startsWith(`${resolve(out)}${sep}`),
    )
    .map(({ name, parentPath }) => ({ name, path: relative(folder, join(parentPath, name)) }))
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
  const labels = numbered(names.label);
  return [...numbered(names.image)]
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
