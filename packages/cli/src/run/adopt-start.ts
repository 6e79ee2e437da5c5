import { join } from 'node:path';
import { ConfigError } from '@fsmr/core';
import type { RunConfig } from '../config/schema.js';
import { isBegun } from './adopt.js';
import { exists, readableJson, sha256Of, writeJson } from './files.js';
import type { RunFolder } from './folder.js';
import type { Versions } from './versions.js';

/**
 * Writes down what the weights are that a run starts from, or checks that they still are. Their place may change, and
 * many files have the same name.
 *
 * @throws ConfigError where a run goes on with other weights than it began with.
 */
export async function adoptStart(folder: RunFolder, { model: { weights } }: RunConfig): Promise<void> {
  if (weights === undefined) return;
  // Missing files are named where they are read.
  const sha256 = await sha256Of(weights).catch(() => undefined);
  if (sha256 === undefined) return;
  const file = join(folder.root, 'start.json');
  const known = !(await isBegun(folder)) ? undefined : await readableJson<{ readonly sha256?: string }>(file);
  if (known?.sha256 !== undefined && known.sha256 !== sha256) {
    throw new ConfigError(`this run began with other weights than ${weights} holds.`, {
      file: folder.root,
      remedy: 'Give those it began with (their SHA-256 is in start.json), or choose another folder.',
    });
  }
  await writeJson(file, { sha256 });
}

/**
 * Writes down what trains a run from now on. Where a checkpoint was made by something else that rounds differently, that
 * is said on stderr: the run goes on, but ends with other digits than one that was not interrupted.
 */
export async function adoptVersions(folder: RunFolder, versions: Versions): Promise<void> {
  const known = await readableJson<Partial<Versions>>(folder.versions);
  const begun = await Promise.all(['first-half', 'base', 'japc'].map((name) => exists(folder.checkpoint(name))));
  const changed = (['fsmr', 'tfjs', 'backend', 'threads'] as const).filter(
    (name) => known?.[name] !== undefined && known[name] !== versions[name],
  );
  if (begun.includes(true) && changed.length > 0) {
    const list = changed.map((name) => `${name} ${known![name]}, now ${versions[name]}`).join('; ');
    process.stderr.write(`This training began with ${list}. It goes on, with other rounding than before.\n`);
  }
  await writeJson(folder.versions, versions);
}
