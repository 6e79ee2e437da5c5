import { describe, expect, it } from 'vitest';
import type { ClassMap, Dataset } from '../types.js';
import { classMapOf } from './class-map.js';
import { evaluationEpisodes } from './plan.js';
import { createSetting } from './setting.js';

const raters = ['a', 'b', 'c'];
const dataset: Dataset = {
  name: 'set',
  raters,
  classes: [
    { id: 1, name: 'liver' },
    { id: 2, name: 'kidney' },
  ],
  modality: 'CT',
  scans: [
    { id: 's0', raters, classes: [1, 2], group: 'p' },
    { id: 's1', raters: ['a', 'c'], classes: [1, 2] },
    { id: 's2', raters, classes: [1], group: 'p' },
    { id: 's3', raters, classes: [2] },
  ],
  read: () => Promise.reject(new Error('the plan reads no scan')),
};
const map: ClassMap = {
  s0: { 1: { a: [2, 3, 4], b: [3, 4, 5, 6] }, 2: { a: [1] } },
  s1: { 1: { a: [10, 12], c: [13] } },
  s2: { 1: { a: [0], b: [0], c: [0] } },
  s3: { 2: { a: [4], b: [4], c: [4] } },
};

describe('the evaluation plan', () => {
  it('pairs scans of a class, takes the support slice of each part, and scores the union range', async () => {
    const plan = await evaluationEpisodes(dataset, { supports: ['s0'], classes: [1], classMap: map });
    const episodes = [...plan];
    expect(episodes).toEqual([
      {
        supportScan: 's0',
        classId: 1,
        className: 'liver',
        raters: ['a'],
        supportSlices: [2, 4, 6],
        queryScan: 's1',
        querySlices: [
          { slice: 10, part: 0 },
          { slice: 11, part: 1 },
          { slice: 12, part: 2 },
          { slice: 13, part: 2 },
        ],
      },
    ]);
    // A plan can be walked through again; patients are not asked about themselves unless wanted.
    expect([...plan]).toEqual(episodes);
    const kept = await evaluationEpisodes(dataset, {
      supports: ['s0'],
      classes: [1],
      classMap: map,
      sameGroup: 'keep',
    });
    expect([...kept].map(({ queryScan, raters: scored }) => [queryScan, ...scored])).toEqual([
      ['s1', 'a'],
      ['s2', 'a', 'b'],
    ]);
    expect(plan.skipped).toContainEqual({
      classId: 1,
      supportScan: 's0',
      reason: "rater c drew no liver here, so this support does not show that rater's style.",
    });
  });

  it('never pairs scans of other classes, and reports scans without the class', async () => {
    const plan = await evaluationEpisodes(dataset, { classes: [2], classMap: map });
    expect([...plan].map(({ supportScan, queryScan }) => [supportScan, queryScan])).toEqual([
      ['s0', 's3'],
      ['s3', 's0'],
    ]);
    expect(plan.skipped.filter(({ queryScan }) => queryScan !== undefined)).toEqual([
      { classId: 2, queryScan: 's1', reason: 'no rater drew kidney here.' },
    ]);
  });

  it('takes positions from either end, counts what is named twice once, and refuses what is unknown', async () => {
    const last = await evaluationEpisodes(dataset, { supports: [-1], classMap: map });
    expect(new Set([...last].map(({ supportScan }) => supportScan))).toEqual(new Set(['s3']));
    const twice = { supports: ['s0', 0], queries: ['s2', 's1', 's2'], classes: [1, 1], sameGroup: 'keep' as const };
    const pairs = [...(await evaluationEpisodes(dataset, { ...twice, classMap: map }))].map(
      ({ queryScan }) => queryScan,
    );
    expect(pairs).toEqual(['s2', 's1']);
    await expect(evaluationEpisodes(dataset, { supports: ['x'], classMap: map })).rejects.toThrow('no scan x');
    await expect(evaluationEpisodes(dataset, { classes: [9], classMap: map })).rejects.toThrow('no class 9');
  });

  it('maps where raters drew classes', () => {
    const labels = { a: Uint8Array.of(0, 0, 2, 1), b: Uint8Array.of(0, 0, 0, 0) };
    expect(classMapOf({ id: 's', size: [2, 1, 2], image: new Float32Array(4), labels })).toEqual({
      1: { a: [1] },
      2: { a: [1] },
    });
  });

  it('leaves out slices of test classes in Setting 2 alone', () => {
    expect(createSetting(dataset, { setting: 1, testClasses: [2] }).excludedSlices).toEqual({});
    const second = createSetting(dataset, { setting: 2, testClasses: [1] }, map);
    expect(second.excludedSlices).toEqual({ s0: [2, 3, 4, 5, 6], s1: [10, 12, 13], s2: [0] });
    expect(() => createSetting(dataset, { setting: 2, testClasses: [3] }, map)).toThrow('no class 3');
  });
});
