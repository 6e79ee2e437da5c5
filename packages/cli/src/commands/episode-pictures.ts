import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, createRandom } from '@fsmr/core';
import { type Dataset, episodeSheet, pseudoEpisodes } from '@fsmr/datasets';
import { encodePng } from '@fsmr/imaging';
import type { StylePreset } from '@fsmr/pseudo-labels';
import type { RunConfig } from '../config/schema.js';
import { writeAtomically } from '../run/files.js';
import { sourceOptions } from '../run/training-episodes.js';

/** Which training episodes are drawn. */
export interface EpisodePictures {
  readonly count: number;
  /** Gets `episode-1.png` and so on. */
  readonly out: string;
  /** Those of the configuration when absent, or four. */
  readonly raters?: number | undefined;
  /** Those of the configuration when absent, or rich. */
  readonly styles?: StylePreset | undefined;
  readonly seed: number | string;
}

/** @throws ConfigError for counts below 1. */
export function checkEpisodes({ count, raters = 1 }: EpisodePictures): void {
  for (const [option, value] of Object.entries({ episodes: count, raters })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new ConfigError(`--${option} is ${value}.`, { remedy: 'Give a whole number of at least 1.' });
  }
}

/**
 * Draws training episodes of a data set.
 *
 * @param config episodes come from the scans it trains on, cut and transformed as it says; from all scans when absent
 * @returns what each picture shows, a line each.
 * @param pictures as {@link checkEpisodes} takes them
 * @throws InputError where no slice gives an episode.
 */
export async function drawEpisodes(dataset: Dataset, pictures: EpisodePictures, config?: RunConfig): Promise<string[]> {
  const { count, out, seed } = pictures;
  const { raters = config?.training.raters ?? (config === undefined ? 4 : dataset.raters.length) } = pictures;
  const { styles = config?.training.styles ?? 'rich' } = pictures;
  const options = config === undefined ? {} : await sourceOptions(config, dataset);
  await mkdir(out, { recursive: true });
  const source = pseudoEpisodes(dataset, options);
  const random = createRandom(seed);
  const lines: string[] = [];
  for (let n = 1; n <= count; n++) {
    const episode = await source({ random: random.fork(`episode ${n}`), raters, styles });
    const { picture, captions } = await episodeSheet(dataset, episode, options);
    const file = join(out, `episode-${n}.png`);
    await writeAtomically(file, encodePng(picture));
    lines.push(`${file}: ${captions.join('; ')}`);
  }
  return lines;
}
