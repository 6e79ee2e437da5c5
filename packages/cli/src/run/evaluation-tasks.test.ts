import type { LessonEpisodes } from '@fsmr/training';
import { expect, it } from 'vitest';
import { checkConfig } from '../config/load.js';
import type { RunConfigInput } from '../config/schema.js';
import type { EvaluationTask } from './evaluation-messages.js';
import { checkLearners, episodeCount, evaluationTasks, openTasks, takeTask } from './evaluation-tasks.js';

/** What one class of one support is asked for; two queries. */
function lesson(classId: number, supportScan: string): LessonEpisodes {
  const common = { supportScan, classId, className: 'organ', supportSlices: [0], raters: ['ann'] };
  return { ...common, episodes: ['x', 'y'].map((queryScan) => ({ ...common, queryScan, querySlices: [] })) };
}
const lessons = [1, 2].flatMap((classId) => ['a', 'b', 'c', 'd'].map((support) => lesson(classId, support)));

const evaluation = (changes: RunConfigInput['evaluation']) =>
  checkConfig({ data: { kind: 'phantom' }, evaluation: changes }).evaluation;
const named = (tasks: readonly EvaluationTask[]) =>
  tasks.map(({ arm, episodes: [first] }) => `${arm} ${first!.classId}${first!.supportScan}`);

it('makes a task of each class of each support, and one of a class for what learns it once', () => {
  const tasks = evaluationTasks(lessons, evaluation({ arms: ['base', 'supervised'] }));
  expect(named(tasks).slice(0, 4)).toEqual(['supervised 1a', 'supervised 2a', 'base 1a', 'base 1b']);
  expect(tasks.map(({ episodes }) => episodes.length)).toEqual([8, 8, ...Array(8).fill(2)]);
  expect(episodeCount(tasks)).toBe(32);
});

it('lets networks learn from as many supports as wanted', () => {
  const taught = (supports: string[] | number) =>
    named(evaluationTasks(lessons, evaluation({ arms: ['mrnet', 'japc'], baselines: { supports } })))
      .filter((name) => name.startsWith('mrnet'))
      .map((name) => name.slice(-2));
  expect(taught(2)).toEqual(['1b', '1d', '2b', '2d']);
  expect(taught(9)).toHaveLength(8);
  expect(taught(['c'])).toEqual(['1c', '2c']);
});

it('names a support to learn from that there is not, where something learns', () => {
  const check = (arm: 'mrnet' | 'supervised', supports: string[]) =>
    checkLearners(lessons, evaluation({ arms: ['base', arm], baselines: { supports } }));
  expect(() => check('mrnet', ['c', 'typo'])).toThrow('"typo" is no support of this evaluation. It has a, b, c, d.');
  check('mrnet', ['c']);
  check('supervised', ['typo']);
});

it('refuses an arm that is named twice', () => {
  expect(() => evaluation({ arms: ['base', 'base'] })).toThrow('evaluation.arms: an arm is named twice');
});

it('leaves out what an arm has done', () => {
  const tasks = evaluationTasks(lessons.slice(0, 1), evaluation({ arms: ['base', 'japc', 'consensus'] }));
  const done = (key: string, arm: string) => arm === 'base' || (arm === 'japc' && key === '1/a/x');
  expect(openTasks(tasks, done).map(({ arm, episodes }) => [arm, episodes.map(({ queryScan }) => queryScan)])).toEqual([
    ['japc', ['y']],
    ['consensus', ['x', 'y']],
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
