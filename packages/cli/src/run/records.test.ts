import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openRecords, recordFiles } from './records.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsmr-records-'));
});
afterAll(() => rm(folder, { recursive: true }));

const result = (arm: string, tp = 1) => ({
  arm,
  records: [{ scan: 'b', support: 'a', rater: 'ann', class: 'organ', tp, fp: 0, fn: 0 }],
});

it('gathers what shards, kills and earlier versions left, and settles it in one order', async () => {
  const own = join(folder, 'records.jsonl');
  const shard = await openRecords(join(folder, 'records.2-of-3.jsonl'));
  await shard.add('1/a/c', result('base'));
  // Earlier versions wrote all arms of an episode into one line.
  await writeFile(own, `${JSON.stringify({ key: '1/a/b', results: [result('japc'), result('base', 7)] })}\n{"key":"1/`);
  await writeFile(join(folder, 'records.old.jsonl'), 'not ours');
  const records = await openRecords(own);
  expect(records.get('1/a/c', 'base')).toEqual(result('base'));
  expect(records.get('1/a/c', 'japc')).toBeUndefined();
  await records.add('1/a/d', result('base'));
  await records.add('1/a/b', result('base', 8));
  const again = await openRecords(own);
  await again.settle(['1/a/d', '1/a/b'], ['base', 'japc']);
  const lines = (await readFile(own, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toEqual([
    { key: '1/a/d', results: [result('base')] },
    { key: '1/a/b', results: [result('base', 8), result('japc')] },
    { key: '1/a/c', results: [result('base')] },
  ]);
  expect((await recordFiles(folder)).map((file) => file.slice(folder.length + 1))).toEqual([
    'records.2-of-3.jsonl',
    'records.jsonl',
  ]);
  await appendFile(own, 'damaged\n');
  await expect(openRecords(own)).rejects.toMatchObject({ code: 'input', file: own });
});
