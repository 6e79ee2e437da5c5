import type { EvaluationEpisode } from '@fsmr/datasets';
import { expect, it } from 'vitest';
import { episodeKey, lessonsOf } from './lessons.js';

function episode(classId: number, supportScan: string, queryScan: string, raters = ['ann', 'ben']): EvaluationEpisode {
  return { classId, className: 'organ', supportScan, supportSlices: [0], queryScan, raters, querySlices: [] };
}

it('gathers what is learned from one support, apart where other raters are asked for', () => {
  const lessons = lessonsOf([
    episode(1, 'a', 'b'),
    episode(1, 'a', 'c', ['ann']),
    episode(1, 'a', 'd'),
    episode(1, 'b', 'a'),
    episode(2, 'a', 'b'),
  ]);
  expect(lessons.map(({ episodes }) => episodes.map(episodeKey))).toEqual([
    ['1/a/b', '1/a/d'],
    ['1/a/c'],
    ['1/b/a'],
    ['2/a/b'],
  ]);
  expect(lessons[1]).toMatchObject({ classId: 1, supportScan: 'a', raters: ['ann'] });
});
