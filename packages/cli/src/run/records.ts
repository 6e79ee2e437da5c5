import { dirname, join } from 'node:path';
import type { EpisodeRecords } from '@fsmr/training';
import { appendJsonLine, dropUnfinishedLine, namesIn, readJsonLines, writeAtomically } from './files.js';
import { isShareFile } from './shard.js';

/** One line of a record file: what one or more arms made of an episode. */
export interface RecordLine {
  readonly key: string;
  readonly results: readonly EpisodeRecords[];
}

/** The counts of a run's evaluated episodes, in memory and on disk. */
export interface Records {
  /** What an arm made of an episode; nothing where that is not evaluated. */
  get(key: string, arm: string): EpisodeRecords | undefined;
  /** Adds a result and writes it down at once. */
  add(key: string, result: EpisodeRecords): Promise<void>;
  /** Writes everything into one file, these episodes and arms first, however it was computed. */
  settle(keys: readonly string[], arms: readonly string[]): Promise<void>;
}

/** Every record file of an evaluation folder: those of shards beside the run's own. */
export async function recordFiles(evaluation: string): Promise<string[]> {
  return (await namesIn(evaluation))
    .filter((name) => isShareFile(name, 'records', '.jsonl'))
    .sort()
    .map((name) => join(evaluation, name));
}

/** What each arm made of each episode: arm, then episode. */
export type KnownRecords = Map<string, Map<string, EpisodeRecords>>;

/**
 * The results in record files by arm and episode, in the order in which they first appear; where an episode of an arm
 * has several lines, the last one counts.
 *
 * @throws InputError where a line is damaged.
 */
export async function readRecords(files: readonly string[]): Promise<KnownRecords> {
  const known: KnownRecords = new Map();
  for (const file of files) {
    for (const { key, results } of await readJsonLines<RecordLine>(file)) {
      for (const result of results) remember(known, key, result);
    }
  }
  return known;
}

function remember(known: KnownRecords, key: string, result: EpisodeRecords): void {
  const episodes = known.get(result.arm) ?? new Map<string, EpisodeRecords>();
  known.set(result.arm, episodes.set(key, result));
}

/**
 * Reads all record files beside one and opens that one for more. A line cut short by a kill is dropped.
 *
 * @param others further files, from other folders
 * @throws InputError where a line is damaged.
 */
export async function openRecords(file: string, others: readonly string[] = []): Promise<Records> {
  await dropUnfinishedLine(file);
  const known = await readRecords([...(await recordFiles(dirname(file))), ...others]);
  return {
    get: (key, arm) => known.get(arm)?.get(key),
    add: async (key, result) => {
      remember(known, key, result);
      await appendJsonLine(file, { key, results: [result] });
    },
    settle: async (keys, arms) => {
      const firstThenSorted = (first: readonly string[], others: Iterable<string>): string[] => [
        ...new Set([...first, ...[...others].sort()]),
      ];
      const order = firstThenSorted(arms, known.keys());
      const episodes = [...known.values()].flatMap((own) => [...own.keys()]);
      const lines = firstThenSorted(keys, episodes).flatMap((key) => {
        const results = order.flatMap((arm) => known.get(arm)?.get(key) ?? []);
        return results.length === 0 ? [] : [`${JSON.stringify({ key, results } satisfies RecordLine)}\n`];
      });
      await writeAtomically(file, lines.join(''));
    },
  };
}
