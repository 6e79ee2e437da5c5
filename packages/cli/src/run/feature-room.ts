import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a folder that several processes fill may still take. */
export interface Room {
  /** Whether so many bytes may be added; they then count as added. */
  takes(bytes: number): boolean;
}

/** What a file of the cache is called while it is written; nothing else is ours to delete. */
const unfinished = /(?:^|[\\/])[0-9a-f]{64}\.safetensors\.[0-9a-f-]{36}\.part$/;

/** Milliseconds after which a file that is being written was left by a kill. */
const abandoned = 3_600_000;

/**
 * The room below a limit. Others fill the folder too, so that it is measured again whenever an eighth of what was left is
 * used up: the limit is passed by less than that share for each other process.
 */
export function roomIn(folder: string, limit: number): Room {
  let allowance = 0;
  return {
    takes: (bytes) => {
      if (bytes > allowance) {
        const left = limit - sizeOf(folder);
        if (bytes > left) return false;
        allowance = Math.max(bytes, left / 8);
      }
      allowance -= bytes;
      return true;
    },
  };
}

/** Bytes of all files below a folder; none where there is no folder. What kills left unfinished is deleted. */
function sizeOf(folder: string): number {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true }) as string[];
  } catch {
    return 0;
  }
  return names.reduce((sum, name) => {
    const file = join(folder, name);
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isFile() !== true) return sum;
    if (!unfinished.test(name) || Date.now() - found.mtimeMs < abandoned) return sum + found.size;
    rmSync(file, { force: true });
    return sum;
  }, 0);
}
