import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkTargets, claimTargets } from './segment-targets.js';

let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'fsmr-targets-'));
});
afterEach(() => rm(out, { recursive: true }));

it('replaces what an earlier visit wrote, and nothing that a person drew', async () => {
  await checkTargets(out, ['a_ann.png'], []);
  await claimTargets(out, ['a_ann.png', 'report.html']);
  for (const name of ['a_ann.png', 'b_ann.png']) await writeFile(join(out, name), 'a mask');
  await checkTargets(out, ['a_ann.png', 'report.html'], [join(out, 'b_ann.png')]);
  await expect(checkTargets(out, ['a_ann.png', 'b_ann.png'], [])).rejects.toMatchObject({
    code: 'input',
    file: join(out, 'b_ann.png'),
    remedy: 'Choose another folder for --out.',
    message: expect.stringContaining('is there, and a result would be written over it'),
  });
  await claimTargets(out, ['a_ann.png']);
  expect((await readdir(out)).sort()).toEqual(['a_ann.png', 'b_ann.png', 'segmented.jsonl']);
});

it('replaces no input, whatever way leads to it, though an earlier visit wrote it', async () => {
  await claimTargets(out, ['a_ann.png']);
  await writeFile(join(out, 'a_ann.png'), 'a mask');
  const link = join(out, 'link.png');
  await symlink('a_ann.png', link);
  for (const input of [join(out, 'a_ann.png'), link, join(out, '..', out.split('/').at(-1)!, 'a_ann.png')]) {
    await expect(checkTargets(out, ['a_ann.png'], [input])).rejects.toThrow('is an input, and a result would be');
  }
  await checkTargets(out, ['a_ann.png'], [join(out, 'nowhere.png')]);
});
