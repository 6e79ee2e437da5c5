import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { appendFile, copyFile, mkdir, readdir, readFile, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseJsonLines } from '@fsmr/training';

/**
 * Writes a file whole or not at all: beside it first, then renamed. Missing folders are made. Of two processes that write
 * one file the last wins whole.
 */
export async function writeAtomically(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const beside = besideOf(file);
  await writeFile(beside, content);
  await rename(beside, file);
}

/** Copies a file whole or not at all. The target's folder must be there. */
export async function copyAtomically(source: string, target: string): Promise<void> {
  const beside = besideOf(target);
  await copyFile(source, beside);
  await rename(beside, target);
}

/** A name that no other process uses, on whatever machine, and that this one uses again, so that kills leave few. */
const besideOf = (file: string): string => `${file}.${ownName}.part`;
const ownName = `${process.pid}-${randomBytes(4).toString('hex')}`;

/** Writes a value as readable JSON, whole or not at all. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  await writeAtomically(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** The SHA-256 of a file, in hexadecimal digits. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Whether a file or folder is there. @throws the file system's error where that cannot be told */
export async function exists(path: string): Promise<boolean> {
  return (await unlessAbsent(stat(path))) !== undefined;
}

/** The bytes of a file; undefined where there is none. @throws the file system's error where it cannot be read */
export async function readIfThere(file: string): Promise<Buffer | undefined> {
  return unlessAbsent(readFile(file));
}

/** The names in a folder; none where there is no folder. @throws the file system's error where it cannot be read */
export async function namesIn(folder: string): Promise<string[]> {
  return (await unlessAbsent(readdir(folder))) ?? [];
}

/** What cannot be read is not taken for absent: it would be computed again and written over. */
async function unlessAbsent<Value>(found: Promise<Value>): Promise<Value | undefined> {
  return found.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

/** Adds a line of JSON to a log. */
export async function appendJsonLine(file: string, value: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, `${JSON.stringify(value)}\n`);
}

/**
 * The values of a log of JSON lines; none where the file is absent. A last line cut short by a kill is dropped.
 *
 * @param remedy what to do about a damaged line
 * @throws InputError where a line before the last is damaged.
 */
export async function readJsonLines<Value>(
  file: string,
  remedy = 'Delete the file to compute it again.',
): Promise<Value[]> {
  return parseJsonLines((await readIfThere(file))?.toString() ?? '', file, remedy);
}

/** Takes a last line cut short by a kill off a log, so that the next line does not grow from it. */
export async function dropUnfinishedLine(file: string): Promise<void> {
  const bytes = await readIfThere(file);
  if (bytes === undefined) return;
  const end = bytes.lastIndexOf('\n') + 1;
  if (end < bytes.length) await truncate(file, end);
}

/** What a JSON file holds; undefined where it is absent or no JSON. */
export async function readableJson<Value>(file: string): Promise<Value | undefined> {
  const bytes = await readIfThere(file);
  try {
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString()) as Value);
  } catch {
    return undefined;
  }
}

/** The bytes of an array of numbers, shared. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
