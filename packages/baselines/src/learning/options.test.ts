import { phantomDataset } from '@fsmr/datasets';
import type { Lesson } from '@fsmr/training';
import { expect, it } from 'vitest';
import { lessonName, raterSuffix } from './options.js';
import { supportSamples } from './samples.js';

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

it('trains on the slices that are taught, each once, or on all that show the class', async () => {
  const dataset = phantomDataset({ seed: 3, scans: 1, size: 32, raters: 2, slices: 4, classes: 1 });
  const scan = await dataset.read('phantom0000');
  const lesson: Lesson = { scan, slices: [1, 1, 2], classId: 1, className: 'liver', raters: dataset.raters, seed: 1 };
  expect(supportSamples(lesson, {})).toHaveLength(2);
  const labels = Object.fromEntries(
    Object.entries(scan.labels).map(([rater, values]) => [rater, values.map((id, i) => (i < 32 * 32 ? 0 : id))]),
  );
  const shown = supportSamples({ ...lesson, scan: { ...scan, labels } }, { slices: 'all' });
  // The first slice shows nothing any more.
  expect(shown).toHaveLength(3);
  expect(shown[0]!.masks.map((mask) => mask.some((value) => value > 0))).toEqual([true, true]);
});
