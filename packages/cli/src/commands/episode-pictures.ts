import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, createRandom } from '@fsmr/core';
import { type Dataset, episodeSheet, pseudoEpisodes } from '@fsmr/datasets';
import { encodePng } from '@fsmr/imaging';
import type { StylePreset } from '@fsmr/pseudo-labels';
import { writeAtomically } from '../run/files.js';

/** Which training episodes are drawn. */
export interface EpisodePictures {
  readonly count: number;
  /** Gets `episode-1.png` and so on. */
  readonly out: string;
  readonly raters: number;
  readonly styles: StylePreset;
  readonly seed: number | string;
}

/**
 * Draws training episodes of a data set.
 *
 * @returns what each picture shows, a line each.
 * @throws ConfigError for counts below 1, or InputError where no slice gives an episode.
 */
export async function drawEpisodes(
  dataset: Dataset,
  { count, out, raters, styles, seed }: EpisodePictures,
): Promise<string[]> {
  for (const [option, value] of Object.entries({ episodes: count, raters })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new ConfigError(`--${option} is ${value}.`, { remedy: 'Give a whole number of at least 1.' });
  }
  await mkdir(out, { recursive: true });
  const source = pseudoEpisodes(dataset);
  const random = createRandom(seed);
  const lines: string[] = [];
  for (let n = 1; n <= count; n++) {
    const episode = await source({ random: random.fork(`episode ${n}`), raters, styles });
    const { picture, captions } = await episodeSheet(dataset, episode);
    const file = join(out, `episode-${n}.png`);
    await writeAtomically(file, encodePng(picture));
    lines.push(`${file}: ${captions.join('; ')}`);
  }
  return lines;
}
