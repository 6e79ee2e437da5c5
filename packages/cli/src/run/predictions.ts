import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scan } from '@fsmr/datasets';
import { createLabelVolume, encodeNifti, encodePng, type LabelVolume, maskPicture } from '@fsmr/imaging';
import type { EpisodePrediction } from '@fsmr/training';
import { placeName } from './file-names.js';
import { appendJsonLine, dropUnfinishedLine, namesIn, readJsonLines, writeAtomically } from './files.js';
import { checkProvenance, claimRecords, type Provenance } from './provenance.js';
import { isShareFile, type Shard, shareFile } from './shard.js';

/** Which predictions a folder holds. */
export interface Predictions {
  has(key: string, arm: string): boolean;
  /** Notes that every mask of an episode is written. */
  add(key: string, arm: string): Promise<void>;
}

interface Line {
  readonly key: string;
  readonly arm: string;
}

/**
 * Opens a folder of predictions for more. Its logs say which episodes it holds, and beside them lies what made them.
 *
 * @throws ConfigError where its masks were made with other weights, versions or data.
 */
export async function openPredictions(folder: string, own: Provenance, shard?: Shard): Promise<Predictions> {
  const file = join(folder, shareFile('predictions', '.jsonl', shard));
  const known = new Set<string>();
  await mkdir(folder, { recursive: true });
  await dropUnfinishedLine(file);
  for (const name of await namesIn(folder)) {
    if (!isShareFile(name, 'predictions', '.jsonl')) continue;
    await checkProvenance(join(folder, name), own);
    for (const { key, arm } of await readJsonLines<Line>(join(folder, name))) known.add(`${arm} ${key}`);
  }
  await claimRecords(file, own);
  return {
    has: (key, arm) => known.has(`${arm} ${key}`),
    add: async (key, arm) => {
      known.add(`${arm} ${key}`);
      await appendJsonLine(file, { key, arm } satisfies Line);
    },
  };
}

/**
 * Writes what an arm says of a query, one file a rater: `{arm}/{class}/{support}/{query}/{rater}` as PNG, 255 inside the
 * structure, or where the scan has several slices as NIfTI with its spacing, 1 inside.
 */
export async function writePrediction(
  folder: string,
  { arm, episode, query, masks }: EpisodePrediction,
): Promise<void> {
  const names = [arm, episode.className, episode.supportScan, episode.queryScan];
  const place = join(folder, ...names.map(placeName));
  for (const [rater, data] of masks) {
    const name = placeName(rater);
    const [slices, height, width] = query.size;
    if (slices === 1)
      await writeAtomically(join(place, `${name}.png`), encodePng(maskPicture({ width, height, data })));
    else await writeAtomically(join(place, `${name}.nii.gz`), encodeNifti(volumeOf(query, data), { gzipLevel: 1 }));
  }
}

function volumeOf({ size: [slices, height, width], spacing }: Scan, data: Uint8Array): LabelVolume {
  const grid = spacing === undefined ? {} : { spacing: [spacing[2], spacing[1], spacing[0]] as const };
  return createLabelVolume(data, [width, height, slices], grid);
}
