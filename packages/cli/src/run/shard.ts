import { ConfigError } from '@fsmr/core';
import type { LessonEpisodes } from '@fsmr/training';

/** A share of an evaluation, computed by one machine. */
export interface Shard {
  /** From 1 to {@link count}. */
  readonly index: number;
  readonly count: number;
}

/** What a share's file is called, such as `records.2-of-4.jsonl`; `records.jsonl` where there are no shares. */
export function shareFile(stem: string, ending: string, shard: Shard | undefined): string {
  return `${stem}${shard === undefined ? '' : `.${shard.index}-of-${shard.count}`}${ending}`;
}

/** Whether a file is called like that, as any share's or none's. */
export function isShareFile(name: string, stem: string, ending: string): boolean {
  if (!name.startsWith(stem) || !name.endsWith(ending)) return false;
  return /^(\.\d+-of-\d+)?$/.test(name.slice(stem.length, name.length - ending.length));
}

/** Reads `2/4`. @throws ConfigError for anything else, or a share outside 1 to n. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (shard.index >= 1 && shard.index <= shard.count) return shard;
  throw new ConfigError(`--shard ${text} is no share.`, { remedy: 'Give i/n with i from 1 to n, such as 2/4.' });
}

/**
 * The lessons of one share. Shares follow the supports, so that all classes of a support are with one machine, and are
 * cut where their query slices are nearest to equal; together they are everything, and none overlap.
 */
export function lessonsOfShard(lessons: readonly LessonEpisodes[], { index, count }: Shard): LessonEpisodes[] {
  const supports = [...new Set(lessons.map(({ supportScan }) => supportScan))];
  const bySupport = supports.map((support) => lessons.filter(({ supportScan }) => supportScan === support));
  const total = lessons.reduce((sum, lesson) => sum + slicesOf(lesson), 0);
  let before = 0;
  return bySupport.flatMap((group) => {
    const own = group.reduce((sum, lesson) => sum + slicesOf(lesson), 0);
    // The share that holds the middle of the group's work.
    const share = Math.min(count, 1 + Math.floor(((before + own / 2) / total) * count));
    before += own;
    return share === index ? group : [];
  });
}

function slicesOf({ episodes }: LessonEpisodes): number {
  return episodes.reduce((sum, { querySlices }) => sum + querySlices.length, 0);
}
