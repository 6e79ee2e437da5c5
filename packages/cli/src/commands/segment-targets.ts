import { mkdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InputError } from '@fsmr/core';
import { appendJsonLine, dropUnfinishedLine, exists, readJsonLines } from '../run/files.js';

/** Where `fsmr segment` writes down what it writes, so that it replaces nothing else. */
export const segmentedLog = 'segmented.jsonl';

/** Without the file nothing in the folder would be ours to replace. */
export const damagedLine = 'Delete the line; what it speaks of is segmented again.';

/** Written before files are, so that those of a visit that was killed are known too. */
interface Claim {
  readonly writes?: readonly string[];
}

/**
 * Checks that results may be written: what is there under their names was written by an earlier visit, and is no input of
 * this one. Masks drawn by hand are often called as results are.
 *
 * @param names of the files to be written, in the folder `out`
 * @param inputs paths of all files that are read
 * @throws InputError that names the first file that is not ours to replace.
 */
export async function checkTargets(out: string, names: readonly string[], inputs: readonly string[]): Promise<void> {
  const ours = await claimed(out);
  const read = new Set(await Promise.all(inputs.map(realOf)));
  for (const name of names) {
    const file = join(out, name);
    if (!(await exists(file))) continue;
    const isInput = read.has(await realOf(file));
    if (!isInput && ours.has(name)) continue;
    throw new InputError(`${isInput ? 'is an input' : 'is there'}, and a result would be written over it.`, {
      file,
      remedy: 'Choose another folder for --out.',
    });
  }
}

/** Makes the folder, and writes down that files of these names are ours from now on. */
export async function claimTargets(out: string, names: readonly string[]): Promise<void> {
  await mkdir(out, { recursive: true });
  await dropUnfinishedLine(join(out, segmentedLog));
  const ours = await claimed(out);
  const writes = names.filter((name) => !ours.has(name));
  if (writes.length > 0) await appendJsonLine(join(out, segmentedLog), { writes } satisfies Claim);
}

async function claimed(out: string): Promise<Set<string>> {
  const lines = await readJsonLines<Claim>(join(out, segmentedLog), damagedLine);
  return new Set(lines.flatMap(({ writes }) => writes ?? []));
}

const realOf = (file: string): Promise<string> => realpath(file).catch(() => resolve(file));
