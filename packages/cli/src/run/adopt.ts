import { readFile } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { ConfigError } from '@fsmr/core';
import { isRecord } from '../config/deep-merge.js';
import { checkConfig } from '../config/load.js';
import { withoutPlaces } from '../config/places.js';
import type { RunConfig } from '../config/schema.js';
import { canonical, trainingIdentity } from '../report/config-identity.js';
import { exists, namesIn, writeJson } from './files.js';
import type { RunFolder } from './folder.js';
import { recordFiles } from './records.js';

/** Whether a run folder holds anything that was trained or evaluated; what a kill left unfinished does not count. */
export async function isBegun({ root, evaluation, metrics }: RunFolder): Promise<boolean> {
  const kept = await Promise.all(['weights', 'checkpoints'].map((part) => namesIn(join(root, part))));
  if (kept.flat().some((name) => !name.endsWith('.part'))) return true;
  return (await recordFiles(evaluation)).length > 0 || exists(metrics);
}

/** Checks that a run does not lie in its data. @throws ConfigError that names both. */
export function checkPlace(folder: RunFolder, { data }: RunConfig): void {
  const sources = ['folder' in data ? [data.folder] : [], 'test' in data && data.test !== undefined ? [data.test] : []];
  for (const source of sources.flat()) {
    const way = relative(source, folder.root);
    if (way === '' || !(way.split(sep)[0] === '..' || isAbsolute(way))) {
      throw new ConfigError(`lies in the data, ${source}.`, {
        file: folder.root,
        remedy: 'Choose another folder for --out.',
      });
    }
  }
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
  const changes = differences(JSON.parse(trainedText(known)), JSON.parse(trainedText(config)));
  const shown = changes.slice(0, 3).join('; ');
  const more = changes.length > 3 ? `; and ${changes.length - 3} more` : '';
  throw new ConfigError(`holds a run of another configuration: ${shown}${more}.`, {
    file: folder.root,
    remedy: 'Keep to its config.json (of paths the last name counts), or choose another folder.',
  });
}

/** The keys in which two configurations differ, with both values. */
function differences(known: unknown, now: unknown, path = ''): string[] {
  if (canonical(known) === canonical(now)) return [];
  if (!isRecord(known) || !isRecord(now))
    return [`${path} is ${JSON.stringify(known)} there, now ${JSON.stringify(now)}`];
  const keys = [...new Set([...Object.keys(known), ...Object.keys(now)])];
  return keys.flatMap((key) => differences(known[key], now[key], path === '' ? key : `${path}.${key}`));
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
