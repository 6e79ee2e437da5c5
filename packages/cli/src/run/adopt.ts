import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '@fsmr/core';
import { checkConfig } from '../config/load.js';
import { withoutPlaces } from '../config/places.js';
import type { RunConfig } from '../config/schema.js';
import { trainingIdentity } from '../report/config-identity.js';
import { exists, namesIn, writeJson } from './files.js';
import type { RunFolder } from './folder.js';

/** Whether a run folder holds anything that was trained. */
export async function isBegun({ root }: RunFolder): Promise<boolean> {
  const kept = await Promise.all(['weights', 'checkpoints'].map((part) => namesIn(join(root, part))));
  return kept.flat().length > 0;
}

/**
 * Makes a run folder this configuration's own, or checks that it already is, so that a folder never mixes two runs. One
 * whose run failed before it kept anything may be given to another.
 *
 * @throws ConfigError where the folder holds another configuration.
 */
export async function adoptConfig(folder: RunFolder, config: RunConfig): Promise<void> {
  if ((await exists(folder.config)) && (await isBegun(folder))) await checkAdopted(folder, config);
  await writeJson(folder.config, config);
}

/**
 * Checks that a run folder was filled with this configuration, evaluation and engine apart.
 *
 * @throws ConfigError where it was filled with another, or with none.
 */
export async function checkAdopted(folder: RunFolder, config: RunConfig): Promise<void> {
  const text = await readFile(folder.config, 'utf8').catch((cause: unknown) => {
    throw new ConfigError('holds no run.', { file: folder.root, cause, remedy: 'Run `fsmr train` into it first.' });
  });
  // Checked anew, so that keys which got a default since then do not count as a difference.
  const known = checkConfig(parsed(text, folder.config), folder.config);
  if (sameTraining(known, config)) return;
  throw new ConfigError('holds a run with another configuration.', {
    file: folder.root,
    remedy: 'Choose another folder, or delete this one.',
  });
}

/** Whether two configurations train the same weights on the same data. */
export function sameTraining(one: RunConfig, other: RunConfig): boolean {
  return trainedText(one) === trainedText(other);
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError('is damaged.', { file, cause, remedy: 'Delete the run folder and train again.' });
  }
}

/**
 * Everything of a configuration that shapes the weights. Evaluation, engine and the places of files may change between
 * visits; this may not.
 */
export function trainedText(config: RunConfig): string {
  return trainingIdentity(withoutPlaces(config));
}

/** Whether a text of {@link trainedText}, maybe of an earlier version, is about the training of this configuration. */
export function isTrainedText(text: string, config: RunConfig): boolean {
  if (text === trainedText(config)) return true;
  try {
    return trainedText(checkConfig(JSON.parse(text))) === trainedText(config);
  } catch {
    return false;
  }
}
