import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder with oracles, real images and weights: `FSMR_SHARED`, or `shared` beside the repository.
 * Undefined where it is absent; tests that need it are then skipped, which is said on stderr.
 */
export const sharedFolder: string | undefined = (() => {
  const beside = resolve(fileURLToPath(import.meta.url), '../../../../../shared');
  const folder = process.env.FSMR_SHARED ?? beside;
  if (existsSync(join(folder, 'oracles'))) return folder;
  const place = process.env.FSMR_SHARED === undefined ? 'shared beside the repository' : `FSMR_SHARED=${folder}`;
  process.stderr.write(`Tests with published arrays, real images or weights are skipped: ${place} has no oracles.\n`);
  return undefined;
})();

/** A path below the shared folder. @throws Error where the folder is absent. */
export function sharedPath(...parts: string[]): string {
  if (sharedFolder === undefined) throw new Error('the shared folder is absent: set FSMR_SHARED');
  return join(sharedFolder, ...parts);
}

/** The names of the oracle folders that start with a prefix, sorted; none where the shared folder is absent. */
export function oracleCases(prefix: string): string[] {
  if (sharedFolder === undefined) return [];
  return readdirSync(join(sharedFolder, 'oracles'))
    .filter((name) => name.startsWith(prefix) && existsSync(join(sharedFolder!, 'oracles', name, 'manifest.json')))
    .sort();
}
