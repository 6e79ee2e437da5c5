import type { LessonEpisodes } from '@fsmr/training';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lessonsOfShard, parseShard } from './shard.js';

/** A lesson whose queries have so many slices. */
function lesson(supportScan: string, classId: number, slices: readonly number[]): LessonEpisodes {
  const common = { supportScan, classId, className: 'organ', supportSlices: [0], raters: ['ann'] };
  const episodes = slices.map((count, index) => ({
    ...common,
    queryScan: `q${index}`,
    querySlices: Array.from({ length: count }, (_, slice) => ({ slice, part: 0 })),
  }));
  return { ...common, episodes };
}

describe('lessonsOfShard', () => {
  it('gives every lesson to one shard, and all classes of a support to the same', () => {
    const lessons = fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
      ),
    );
    fc.assert(
      fc.property(lessons, fc.integer({ min: 1, max: 8 }), (drawn, count) => {
        const all = drawn.map(([support, classId, slices]) => lesson(`s${support}`, classId, slices));
        const shards = Array.from({ length: count }, (_, index) => lessonsOfShard(all, { index: index + 1, count }));
        expect(new Set(shards.flat())).toEqual(new Set(all));
        expect(shards.flat()).toHaveLength(all.length);
        const supports = shards.map((shard) => new Set(shard.map(({ supportScan }) => supportScan)));
        expect(supports.reduce((sum, { size }) => sum + size, 0)).toBe(new Set(all.map((one) => one.supportScan)).size);
      }),
      { numRuns: 50 },
    );
  });

  it('balances by query slices', () => {
    const lessons = [1, 2].flatMap((classId) =>
      ['a', 'b', 'c', 'd'].map((support) => lesson(support, classId, support === 'a' ? [10, 10] : [3, 4])),
    );
    const work = [1, 2].map((index) =>
      lessonsOfShard(lessons, { index, count: 2 }).map(({ supportScan, classId }) => `${supportScan}${classId}`),
    );
    expect(work).toEqual([
      ['a1', 'a2'],
      ['b1', 'b2', 'c1', 'c2', 'd1', 'd2'],
    ]);
  });
});

it('reads shares as people write them', () => {
  expect(parseShard('2/4')).toEqual({ index: 2, count: 4 });
  for (const text of ['0/4', '5/4', '2', '2/', 'a/b', '1/0', '1.5/2']) {
    expect(() => parseShard(text), text).toThrow('--shard');
  }
});
