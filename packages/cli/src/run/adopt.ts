import { readFile } from 'node:fs/promises';
import { ConfigError } from '@fsmr/core';
import type { RunConfig } from '../config/schema.js';
import { exists, writeJson } from './files.js';
import type { RunFolder } from './folder.js';

/**
 * Makes a run folder this configuration's own, or checks that it already is, so that a folder never mixes two runs.
 *
 * @throws ConfigError where the folder holds another configuration.
 */
export async function adoptConfig(folder: RunFolder, config: RunConfig): Promise<void> {
  if (!(await exists(folder.config))) return writeJson(folder.config, config);
  const known = JSON.parse(await readFile(folder.config, 'utf8')) as RunConfig;
  if (JSON.stringify(trained(known)) === JSON.stringify(trained(config))) return writeJson(folder.config, config);
  throw new ConfigError('holds a run with another configuration.', {
    file: folder.root,
    remedy: 'Choose another --out, or delete the folder.',
  });
}

/** Evaluation and engine may change between visits; what was trained may not. */
function trained({ seed, data, split, model, training }: RunConfig): unknown {
  return { seed, data, split, model, training: { ...training, checkpointEvery: undefined } };
}
