import type { LessonEpisodes } from '@fsmr/training';
import { episodeKey } from '@fsmr/training';
import type { EvaluationTask } from './evaluation-messages.js';

/** What is left to do: for each lesson, the episodes each arm has not evaluated. */
export function openTasks(
  lessons: readonly LessonEpisodes[],
  arms: readonly string[],
  isDone: (key: string, arm: string) => boolean,
): EvaluationTask[] {
  return lessons
    .flatMap((lesson) =>
      arms.map((arm) => ({ arm, episodes: lesson.episodes.filter((episode) => !isDone(episodeKey(episode), arm)) })),
    )
    .filter(({ episodes }) => episodes.length > 0);
}

/**
 * Takes a task for a worker out of those that wait: of the arm it worked on, whose features it has, else of an arm
 * nobody works on, else the first.
 */
export function takeTask(
  waiting: EvaluationTask[],
  last: string | undefined,
  busy: ReadonlySet<string>,
): EvaluationTask | undefined {
  const wishes = [(arm: string) => arm === last, (arm: string) => !busy.has(arm), () => true];
  const index = wishes.map((wish) => waiting.findIndex(({ arm }) => wish(arm))).find((found) => found >= 0);
  return index === undefined ? undefined : waiting.splice(index, 1)[0];
}

/** Says what is being learned, for a progress line. */
export function learningText(
  arm: string,
  { className, supportScan }: LessonEpisodes,
  done: number,
  total: number,
): string {
  return `${arm} learns ${className} from ${supportScan}, ${done}/${total}`;
}
