import { type Dataset, type PseudoSourceOptions, pseudoEpisodes, toTensors } from '@fsmr/datasets';
import type { EpisodeSource } from './train.js';

/**
 * Training episodes from superpixels, without any rater's mask: each stage of the plan says how many raters are
 * simulated and in which styles (JAPC section 2.4).
 */
export function pseudoEpisodeSource(dataset: Dataset, options: PseudoSourceOptions = {}): EpisodeSource {
  const source = pseudoEpisodes(dataset, options);
  return async ({ stage, random }) => toTensors(await source({ random, raters: stage.raters, styles: stage.styles }));
}
