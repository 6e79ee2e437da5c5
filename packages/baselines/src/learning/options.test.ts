import type { Lesson } from '@fsmr/training';
import { expect, it } from 'vitest';
import { lessonName, raterSuffix } from './options.js';

it('keeps networks of different raters apart, and calls that of all by the class and support alone', () => {
  const lesson = {
    className: 'organ',
    raters: ['ann', 'cem'],
    scan: { id: 'a/1', labels: { ann: 0, ben: 0, cem: 0 } },
  };
  expect(lessonName('mrnet', lesson as unknown as Lesson)).toBe('mrnet-organ-a%2F1-of-ann+cem');
  const all = { ...lesson, raters: ['ann', 'ben', 'cem'] };
  expect(lessonName('mrnet', all as unknown as Lesson)).toBe('mrnet-organ-a%2F1');
  expect(raterSuffix(['ann'], ['ann', 'ben'])).toBe('-of-ann');
});
