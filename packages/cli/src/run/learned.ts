import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { LearningMemory } from '@fsmr/baselines';
import { withoutPlaces } from '../config/places.js';
import type { RunConfig } from '../config/schema.js';
import { exists, sha256Of, writeAtomically } from './files.js';
import type { RunFolder } from './folder.js';
import { withPlace } from './place.js';
import type { Shard } from './shard.js';

/** Networks that learn from one image finish an epoch in seconds; writing one down takes a part of that. */
const pause = 20_000;

/**
 * Where a run keeps networks that learn while it is evaluated: in `checkpoints` until they are finished, then in
 * `weights`. What has been finished by the run or any share of it is not learned again.
 *
 * @param shard machines that share a disk each learn for themselves, into files of their own
 */
export async function learnedIn(config: RunConfig, folder: RunFolder, shard?: Shard): Promise<LearningMemory> {
  const own = (name: string): string => (shard === undefined ? name : `${name}.${shard.index}-of-${shard.count}`);
  return {
    identity: await identityOf(config, folder),
    pause,
    read: async (name, decode) => {
      const others = await finishedElsewhere(folder.weights(name));
      for (const file of [folder.weights(own(name)), ...others, folder.checkpoint(own(name))]) {
        if (!(await exists(file))) continue;
        const bytes = await readFile(file);
        try {
          return decode(bytes);
        } catch (error) {
          throw withPlace(error, { file, remedy: 'Delete it to learn again.' });
        }
      }
      return undefined;
    },
    write: async (name, bytes, finished) => {
      await writeAtomically(finished ? folder.weights(own(name)) : folder.checkpoint(own(name)), bytes);
      if (finished) await rm(folder.checkpoint(own(name)), { force: true });
    },
  };
}

/** The files of a finished network under the name of the run and of its shares, sorted. */
async function finishedElsewhere(weights: string): Promise<string[]> {
  const [folder, name] = [dirname(weights), basename(weights, '.safetensors')];
  const files = await readdir(folder).catch(() => []);
  const isShares = /^(\.\d+-of-\d+)?\.safetensors$/;
  return files
    .filter((file) => file.startsWith(name) && isShares.test(file.slice(name.length)))
    .sort()
    .map((file) => join(folder, file));
}

/** What shapes such a network besides its own settings: data, model, and the weights it starts from. */
async function identityOf(config: RunConfig, folder: RunFolder): Promise<string> {
  const { seed, data, resize, split, model, evaluation } = withoutPlaces(config);
  const { weights } = config.model;
  const start = evaluation.baselines.start === 'base' ? folder.weights('base') : weights;
  // Many files have the same name; one that is missing is named where it is read.
  const startHash = start === undefined ? undefined : await sha256Of(start).catch(() => undefined);
  return JSON.stringify({ seed, data, resize, split, model, startHash });
}
