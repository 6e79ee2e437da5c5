import { InputError } from '@fsmr/core';

/** What to do about faults of the file system that a person can mend. */
const remedies: Readonly<Record<string, string>> = {
  EACCES: 'Choose a folder that you may use.',
  EDQUOT: 'Make room, and give the same command again.',
  EEXIST: 'A file stands where a folder is needed; choose another place.',
  EISDIR: 'A folder stands where a file is needed; choose another place.',
  EIO: 'Check the disk, and give the same command again.',
  ELOOP: 'Check the links on the way to it.',
  EMFILE: 'Raise the number of files a process may open, or use fewer workers.',
  ENAMETOOLONG: 'Choose shorter names.',
  ENFILE: 'Close other programs, and give the same command again.',
  ENOENT: 'Check the path.',
  ENOSPC: 'Make room, and give the same command again.',
  ENOTDIR: 'A file stands where a folder is needed; choose another place.',
  EPERM: 'Choose a folder that you may use.',
  EROFS: 'Choose a folder that you may write to.',
  ESTALE: 'Check the shared disk, and give the same command again.',
};

/**
 * A fault of the file system in one line, with the file and what to do; undefined for an error of another kind, which is
 * a fault of the program.
 */
export function systemFault(error: unknown): InputError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, path: file, syscall } = error as NodeJS.ErrnoException;
  const remedy = code === undefined ? undefined : remedies[code];
  if (remedy === undefined || file === undefined) return undefined;
  return new InputError(`${syscall ?? 'the file system'} failed (${code}).`, { file, cause: error, remedy });
}
