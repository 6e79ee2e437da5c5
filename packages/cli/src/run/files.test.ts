import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  appendJsonLine,
  copyAtomically,
  dropUnfinishedLine,
  exists,
  namesIn,
  readableJson,
  readIfThere,
  readJsonLines,
  writeAtomically,
  writeJson,
} from './files.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsmr-files-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a log of JSON lines', () => {
  it('gives back what was added, and nothing where there is no file', async () => {
    const file = join(folder, 'deep', 'log.jsonl');
    expect(await readJsonLines(file)).toEqual([]);
    await appendJsonLine(file, { a: 1 });
    await appendJsonLine(file, { b: 'x\ny' });
    expect(await readJsonLines(file)).toEqual([{ a: 1 }, { b: 'x\ny' }]);
  });

  it('survives a kill at any byte of its last line', async () => {
    const file = join(folder, 'killed.jsonl');
    const whole = '{"key":"ä1"}\n{"key":"2"}\n';
    const bytes = Buffer.from(whole);
    const first = Buffer.from('{"key":"ä1"}\n').length;
    for (let length = first; length < bytes.length; length++) {
      await writeFile(file, bytes.subarray(0, length));
      expect(await readJsonLines(file)).toEqual([{ key: 'ä1' }]);
      await dropUnfinishedLine(file);
      await appendJsonLine(file, { key: '2' });
      expect(await readFile(file, 'utf8')).toBe(whole);
    }
  });

  it('names a damaged line before the last', async () => {
    const file = join(folder, 'damaged.jsonl');
    await writeFile(file, '{"a":1}\n{"a":\n{"a":3}\n');
    await expect(readJsonLines(file)).rejects.toMatchObject({ code: 'input', file });
    await expect(readJsonLines(file)).rejects.toThrow('line 2 is damaged');
  });
});

it('does not take what cannot be read for absent', async () => {
  const file = join(folder, 'no file.jsonl');
  await mkdir(file);
  for (const read of [readJsonLines, dropUnfinishedLine, readableJson, readIfThere]) {
    await expect(read(file)).rejects.toMatchObject({ code: 'EISDIR' });
  }
  const looped = join(folder, 'loop');
  await symlink(looped, looped);
  await expect(exists(looped)).rejects.toMatchObject({ code: 'ELOOP' });
  await expect(namesIn(looped)).rejects.toMatchObject({ code: 'ELOOP' });
  expect(await namesIn(join(folder, 'nowhere'))).toEqual([]);
});

it('copies whole files', async () => {
  const own = join(folder, 'copies');
  await writeAtomically(join(own, 'a.txt'), 'one');
  await copyAtomically(join(own, 'a.txt'), join(own, 'b.txt'));
  expect(await readFile(join(own, 'b.txt'), 'utf8')).toBe('one');
  expect((await readdir(own)).sort()).toEqual(['a.txt', 'b.txt']);
  await expect(copyAtomically(join(own, 'c.txt'), join(own, 'b.txt'))).rejects.toThrow('ENOENT');
  expect(await readFile(join(own, 'b.txt'), 'utf8')).toBe('one');
});

it('writes whole files and leaves nothing beside them', async () => {
  const own = join(folder, 'whole');
  await writeAtomically(join(own, 'a.txt'), 'one');
  await writeAtomically(join(own, 'a.txt'), 'two');
  await writeJson(join(own, 'b.json'), { c: 1 });
  expect((await readdir(own)).sort()).toEqual(['a.txt', 'b.json']);
  expect(await readFile(join(own, 'a.txt'), 'utf8')).toBe('two');
  expect(await exists(join(own, 'c'))).toBe(false);
});
