import { ConfigError } from '@fsmr/core';
import type { LessonEpisodes } from '@fsmr/training';
import { episodeKey } from '@fsmr/training';
import type { RunConfig } from '../config/schema.js';
import type { EvaluationTask } from './evaluation-messages.js';

type Evaluation = RunConfig['evaluation'];

/** Whether an arm's network learns anew from each support, for minutes. */
export function learnsFromSupports(arm: Evaluation['arms'][number]): boolean {
  return arm === 'mrnet' || arm === 'dpersona';
}

/** Whether an arm trains when it is evaluated. */
export function learnsInEvaluation(arm: Evaluation['arms'][number]): boolean {
  return learnsFromSupports(arm) || arm === 'supervised';
}

/** How networks that train in an evaluation do, whatever supports they learn from; undefined where there are none. */
export function learningSettings({
  arms,
  baselines,
}: Evaluation): Omit<Evaluation['baselines'], 'supports'> | undefined {
  if (!arms.some(learnsInEvaluation)) return undefined;
  const { supports: _howMany, ...settings } = baselines;
  return settings;
}

/**
 * Everything an evaluation is made of, in parts that are done at one place: a class of a support for one arm; for the
 * supervised arm a whole class, which it learns once for all supports.
 */
export function evaluationTasks(lessons: readonly LessonEpisodes[], { arms, baselines }: Evaluation): EvaluationTask[] {
  const few = chosenLessons(lessons, baselines.supports);
  const tasks = lessons.flatMap((lesson) =>
    arms
      .filter((arm) => arm !== 'supervised' && (!learnsFromSupports(arm) || few.has(lesson)))
      .map((arm) => ({ arm, episodes: lesson.episodes })),
  );
  if (!arms.includes('supervised')) return tasks;
  const classes = [...new Set(lessons.map(({ classId }) => classId))];
  const whole = classes.map((id) => ({
    arm: 'supervised',
    episodes: lessons.filter(({ classId }) => classId === id).flatMap(({ episodes }) => episodes),
  }));
  // First, as they take longest.
  return [...whole, ...tasks];
}

/**
 * Checks that networks which learn anew from each support find those they are to learn from.
 *
 * @throws ConfigError for a name that is no support of the evaluation.
 */
export function checkLearners(
  lessons: readonly Pick<LessonEpisodes, 'supportScan'>[],
  { arms, baselines: { supports } }: Evaluation,
): void {
  if (typeof supports === 'number' || supports === 'all' || !arms.some(learnsFromSupports)) return;
  const known = new Set(lessons.map(({ supportScan }) => supportScan));
  const unknown = supports.find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new ConfigError(`evaluation.baselines.supports: ${JSON.stringify(unknown)} is no support of this evaluation.`, {
    remedy: `It has ${[...known].join(', ')}.`,
  });
}

/** The lessons of the supports asked for; a number takes so many of each class, spread evenly. */
function chosenLessons(
  lessons: readonly LessonEpisodes[],
  supports: Evaluation['baselines']['supports'],
): ReadonlySet<LessonEpisodes> {
  if (supports === 'all') return new Set(lessons);
  if (typeof supports !== 'number') return new Set(lessons.filter((lesson) => supports.includes(lesson.supportScan)));
  const ofClass = (id: number): string[] => [
    ...new Set(lessons.filter(({ classId }) => classId === id).map(({ supportScan }) => supportScan)),
  ];
  const classes = new Map([...new Set(lessons.map(({ classId }) => classId))].map((id) => [id, ofClass(id)]));
  return new Set(
    lessons.filter(({ classId, supportScan }) => {
      const all = classes.get(classId)!;
      const number = Math.min(supports, all.length);
      const chosen = Array.from({ length: number }, (_, k) => all[Math.floor(((k + 0.5) * all.length) / number)]);
      return chosen.includes(supportScan);
    }),
  );
}

/** What is left of tasks; those done are left out. */
export function openTasks(
  tasks: readonly EvaluationTask[],
  isDone: (key: string, arm: string) => boolean,
): EvaluationTask[] {
  return tasks
    .map(({ arm, episodes }) => ({ arm, episodes: episodes.filter((episode) => !isDone(episodeKey(episode), arm)) }))
    .filter(({ episodes }) => episodes.length > 0);
}

/** How many episodes tasks hold. */
export function episodeCount(tasks: readonly EvaluationTask[]): number {
  return tasks.reduce((sum, { episodes }) => sum + episodes.length, 0);
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
