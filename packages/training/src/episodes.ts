import { type Dataset, type PseudoSourceOptions, pseudoEpisodes, type SampleEpisode, toTensors } from '@fsmr/datasets';
import type { EpisodeRequest, EpisodeSource } from './train.js';

/** Makes the plain arrays of an episode; like {@link EpisodeSource}, the answer depends on the request alone. */
export type SampleSource = (request: EpisodeRequest) => Promise<SampleEpisode> | SampleEpisode;

/** The episodes of a source of plain arrays, made in this thread. */
export function sampledEpisodes(source: SampleSource): EpisodeSource {
  return async (request) => toTensors(await source(request));
}

/**
 * Plain arrays of training episodes from superpixels, without any rater's mask: each stage of the plan says how many
 * raters are simulated and in which styles (JAPC section 2.4).
 */
export function pseudoSamples(dataset: Dataset, options: PseudoSourceOptions = {}): SampleSource {
  const source = pseudoEpisodes(dataset, options);
  return ({ stage, random }) => source({ random, raters: stage.raters, styles: stage.styles });
}

/** Training episodes from superpixels, made in this thread; {@link startEpisodeLoader} makes them in others. */
export function pseudoEpisodeSource(dataset: Dataset, options: PseudoSourceOptions = {}): EpisodeSource {
  return sampledEpisodes(pseudoSamples(dataset, options));
}
