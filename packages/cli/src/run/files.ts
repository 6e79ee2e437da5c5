import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { appendFile, mkdir, readFile, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseJsonLines } from '@fsmr/training';

/** Writes a file whole or not at all: beside it first, then renamed. Missing folders are made. */
export async function writeAtomically(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const beside = `${file}.part`;
  await writeFile(beside, content);
  await rename(beside, file);
}

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

/** Whether a file or folder is there. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Adds a line of JSON to a log. */
export async function appendJsonLine(file: string, value: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, `${JSON.stringify(value)}\n`);
}

/**
 * The values of a log of JSON lines; none where the file is absent. A last line cut short by a kill is dropped.
 *
 * @throws InputError where a line before the last is damaged.
 */
export async function readJsonLines<Value>(file: string): Promise<Value[]> {
  return parseJsonLines(await readFile(file, 'utf8').catch(() => ''), file, 'Delete the file to compute it again.');
}

/** Takes a last line cut short by a kill off a log, so that the next line does not grow from it. */
export async function dropUnfinishedLine(file: string): Promise<void> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return;
  const end = bytes.lastIndexOf('\n') + 1;
  if (end < bytes.length) await truncate(file, end);
}

/** What a JSON file holds; undefined where it is absent or no JSON. */
export async function readableJson<Value>(file: string): Promise<Value | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Value;
  } catch {
    return undefined;
  }
}

/** The bytes of an array of numbers, shared. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
