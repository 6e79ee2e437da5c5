import { readFile } from 'node:fs/promises';
import { InputError } from '@fsmr/core/errors';

/** Reads a file's bytes. @throws InputError naming file and rater where it cannot be read. */
export async function readBytes(path: string, rater?: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const missing = (cause as { code?: string }).code === 'ENOENT';
    throw new InputError(missing ? 'there is no such file.' : 'the file cannot be read.', {
      file: path,
      rater,
      cause,
      remedy: missing ? 'Check the path.' : 'Check that it is a file and its permissions.',
    });
  }
}
