import type { EvaluationEpisode, Scan } from '@fsmr/datasets';
import type { Lesson } from './segmenter.js';

/** Episodes that ask for the same learning: one class of one support, taught by the same raters. */
export interface LessonEpisodes
  extends Pick<EvaluationEpisode, 'classId' | 'className' | 'supportScan' | 'supportSlices' | 'raters'> {
  readonly episodes: readonly EvaluationEpisode[];
}

/** Names an episode, for resuming. */
export function episodeKey({ classId, supportScan, queryScan }: EvaluationEpisode): string {
  return `${classId}/${supportScan}/${queryScan}`;
}

/** Sorts episodes by what has to be learned for them, in the order in which each lesson comes first. */
export function lessonsOf(episodes: Iterable<EvaluationEpisode>): LessonEpisodes[] {
  const lessons = new Map<string, LessonEpisodes & { readonly episodes: EvaluationEpisode[] }>();
  for (const episode of episodes) {
    const { classId, className, supportScan, supportSlices, raters } = episode;
    const key = JSON.stringify([classId, supportScan, raters, supportSlices]);
    const known = lessons.get(key);
    if (known !== undefined) known.episodes.push(episode);
    else lessons.set(key, { classId, className, supportScan, supportSlices, raters, episodes: [episode] });
  }
  return [...lessons.values()];
}

/**
 * What a segmenter is taught for an episode. Each class of each support has a seed of its own, so that learning does not
 * depend on what was learned before.
 *
 * @param scan the support
 */
export function lessonFor(
  { classId, className, raters, supportSlices }: Omit<LessonEpisodes, 'episodes'>,
  scan: Scan,
  seed: number | string,
): Lesson {
  return { scan, slices: supportSlices, classId, className, raters, seed: `${seed}/${classId}/${scan.id}` };
}
