import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { LearningMemory } from '@fsmr/baselines';
import { withoutPlaces } from '../config/places.js';
import type { RunConfig } from '../config/schema.js';
import { canonical } from '../report/config-identity.js';
import { exists, namesIn, writeAtomically } from './files.js';
import type { RunFolder } from './folder.js';
import type { ArmLearning } from './learning.js';
import { withPlace } from './place.js';
import { isShareFile, type Shard, shareFile } from './shard.js';

/** Networks that learn from one image finish an epoch in seconds; writing one down takes a part of that. */
const pause = 20_000;

/**
 * Where a run keeps networks that learn while it is evaluated: in `checkpoints` until they are finished, then in
 * `weights`. What has been finished by the run or any share of it is not learned again.
 *
 * @param learning how the arm learns
 * @param shard machines that share a disk each learn for themselves, into files of their own
 */
export function learnedIn(
  config: RunConfig,
  folder: RunFolder,
  learning: ArmLearning | undefined,
  shard?: Shard,
): LearningMemory {
  const own = (name: string): string => shareFile(name, '', shard);
  return {
    identity: identityOf(config, learning),
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
  return (await namesIn(folder))
    .filter((file) => isShareFile(file, name, '.safetensors'))
    .sort()
    .map((file) => join(folder, file));
}

/** What shapes such a network: data, model, how it learns, and the weights it starts from. */
function identityOf(config: RunConfig, learning: ArmLearning | undefined): string {
  const { seed, data, resize, split, model } = withoutPlaces(config);
  return canonical({ seed, data, resize, split, model, learning });
}
