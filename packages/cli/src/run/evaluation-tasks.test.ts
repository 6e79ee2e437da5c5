import type { LessonEpisodes } from '@fsmr/training';
import { expect, it } from 'vitest';
import type { EvaluationTask } from './evaluation-messages.js';
import { openTasks, takeTask } from './evaluation-tasks.js';

it('leaves out what an arm has done', () => {
  const common = { supportScan: 'a', classId: 1, className: 'organ', supportSlices: [0], raters: ['ann'] };
  const episodes = ['b', 'c'].map((queryScan) => ({ ...common, queryScan, querySlices: [] }));
  const lessons: LessonEpisodes[] = [{ ...common, episodes }];
  const tasks = openTasks(
    lessons,
    ['base', 'japc', 'mean'],
    (key, arm) => arm === 'base' || (arm === 'japc' && key === '1/a/b'),
  );
  expect(tasks.map(({ arm, episodes: open }) => [arm, open.map(({ queryScan }) => queryScan)])).toEqual([
    ['japc', ['c']],
    ['mean', ['b', 'c']],
  ]);
});

it('keeps a worker at its arm, and gives a new one an arm of its own', () => {
  const tasks: EvaluationTask[] = ['base', 'japc', 'base', 'japc', 'base'].map((arm) => ({ arm, episodes: [] }));
  const take = (last: string | undefined, ...busy: string[]) => takeTask(tasks, last, new Set(busy))?.arm;
  expect([take(undefined), take(undefined, 'base'), take('base', 'japc'), take('base', 'japc')]).toEqual([
    'base',
    'japc',
    'base',
    'base',
  ]);
  // Only the other worker's arm is left.
  expect([take('base', 'japc'), take('base', 'japc')]).toEqual(['japc', undefined]);
});
