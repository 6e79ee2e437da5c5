import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SuperpixelStep } from './superpixels.js';

/** One file as it was when a case was prepared. */
export interface FileRecord {
  /** Relative to the raw folder, or to the output folder. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** One step and its constants, as plain JSON. */
export interface StepRecord {
  readonly step: string;
  readonly [constant: string]: unknown;
}

/** All that was done to one case. Holds no date and no absolute path, so that runs can be compared. */
export interface CaseRecord {
  /** The number in the file names. */
  readonly number: number;
  /** The case's own name. */
  readonly source: string;
  /** Of the steps and their constants: a case made by other steps is made again. */
  readonly stepsSha256: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  readonly inputs: readonly FileRecord[];
  readonly outputs: readonly FileRecord[];
  /** Raters of this case, ascending. */
  readonly raters: readonly number[];
  readonly size: readonly [slices: number, height: number, width: number];
  /** Slices on which a rater drew a class: class id, rater. */
  readonly classes: Readonly<Record<number, Readonly<Record<number, readonly number[]>>>>;
}

/** The record of a finished preparation, `preparation.json`. */
export interface PreparationRecord {
  readonly format: 'fsmr-preparation-1';
  readonly name: string;
  readonly modality: 'CT' | 'MR' | 'other';
  /** Class names by id; 0 is background. */
  readonly names: readonly string[];
  readonly raters: readonly number[];
  readonly steps: readonly StepRecord[];
  /** How superpixels are cut in this set, whether they were or not; older records lack it. */
  readonly superpixels?: SuperpixelStep;
  /** Of the whole set; cases have their own. */
  readonly warnings?: readonly string[];
  readonly cases: readonly CaseRecord[];
}

/** The name of the record of a finished preparation. */
export const preparationFile = 'preparation.json';

/** The hash of a file's contents and its size. */
export async function fileRecord(folder: string, file: string): Promise<FileRecord> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(join(folder, file)) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { file, bytes, sha256: hash.digest('hex') };
}

/** The hash of a value's JSON. */
export function jsonHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/**
 * Whether the files are still there: with the same size, and with the same contents where that is asked for or a file was
 * written after `recorded`, in milliseconds, when its contents were known.
 */
export async function unchanged(
  folder: string,
  files: readonly FileRecord[],
  byHash: boolean,
  recorded: number,
): Promise<boolean> {
  for (const known of files) {
    const found = await stat(join(folder, known.file)).catch(() => undefined);
    if (found?.size !== known.bytes) return false;
    if ((byHash || found.mtimeMs > recorded) && (await fileRecord(folder, known.file)).sha256 !== known.sha256)
      return false;
  }
  return true;
}

/** Writes JSON, whole or not at all. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(`${path}.part`, `${JSON.stringify(value, undefined, 1)}\n`);
  await rename(`${path}.part`, path);
}

/** Reads JSON; undefined where the file is absent or no JSON, as after an interruption of another program. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
