import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { orientationOf, readLabelVolume, reorient, type Volume } from '@fsmr/imaging';
import { canonical } from '../report/config-identity.js';
import { appendJsonLine, bytesOf, dropUnfinishedLine, readJsonLines, sha256Of } from '../run/files.js';
import type { SegmentCommand } from './segment.js';
import { damagedLine, segmentedLog } from './segment-targets.js';
import type { OrientedQuery, VolumeTask } from './segment-volume-inputs.js';

/** A query in each rater's style, 1 inside, on the query's grid as the support lies. */
export type RaterVolumes = ReadonlyMap<string, Uint8Array>;

/** Queries whose files are written, so that the same command goes on after an interruption. */
export interface SegmentedVolumes {
  /** What an earlier visit found; undefined where it was asked otherwise, or its files are gone or were changed since. */
  find(query: string, read: OrientedQuery): Promise<RaterVolumes | undefined>;
  /** @param files what was written of the query */
  add(query: string, read: OrientedQuery, files: readonly string[]): Promise<void>;
}

interface Line {
  /** Names everything that the masks depend on. */
  readonly key: string;
  /** SHA-256 of each file, by its path in the folder. */
  readonly files: Readonly<Record<string, string>>;
}

/** What is segmented with what, and into which folder. */
type SegmentedInputs = Pick<SegmentCommand, 'weights' | 'out' | 'versions'> & { readonly task: VolumeTask };

/**
 * The queries a folder holds, by `segmented.jsonl` in it.
 *
 * @param size edge of the squares the network sees, pixels
 */
export async function segmentedVolumes(
  { task, weights, out, versions: { fsmr, tfjs, backend } }: SegmentedInputs,
  size: number,
): Promise<SegmentedVolumes> {
  const file = join(out, segmentedLog);
  await dropUnfinishedLine(file);
  const known = new Map((await readJsonLines<Partial<Line>>(file, damagedLine)).map((line) => [line.key, line]));
  const { support, masks, parts } = task;
  const asked = canonical({ fsmr, tfjs, backend, weights: await sha256Of(weights), parts, size });
  const taught = hashOf(asked, support, [...masks.values()], [...masks.keys()]);
  const keyOf = (query: string, { volume, orientation, range }: OrientedQuery): string =>
    hashOf(canonical({ taught, query, orientation, range }), volume);
  return {
    find: async (query, read) => {
      const line = known.get(keyOf(query, read));
      if (line === undefined || !(await areThere(out, line))) return undefined;
      const lies = orientationOf(read.volume);
      const found = [...masks.keys()].map(async (rater) => {
        const volume = await readLabelVolume(join(out, volumeFile(query, rater)), { rater, allow2D: true });
        return [rater, Uint8Array.from(reorient(volume, lies).data)] as const;
      });
      return new Map(await Promise.all(found));
    },
    add: async (query, read, files) => {
      const hashes = files.map(async (name) => [name, await sha256Of(join(out, name))] as const);
      await appendJsonLine(file, {
        key: keyOf(query, read),
        files: Object.fromEntries(await Promise.all(hashes)),
      } satisfies Line);
    },
  };
}

/** What a rater's mask of a query is called. */
export const volumeFile = (query: string, rater: string): string => `${query}_${rater}.nii.gz`;

async function areThere(out: string, { files = {} }: Partial<Line>): Promise<boolean> {
  for (const [name, hash] of Object.entries(files)) {
    if ((await sha256Of(join(out, name)).catch(() => undefined)) !== hash) return false;
  }
  return true;
}

function hashOf(
  text: string,
  { data, size, spacing, origin, direction, unplaced }: Volume,
  masks: readonly Uint8Array[] = [],
  raters: readonly string[] = [],
): string {
  const hash = createHash('sha256').update(canonical({ text, size, spacing, origin, direction, unplaced, raters }));
  for (const array of [data, ...masks]) hash.update(bytesOf(array));
  return hash.digest('hex');
}
