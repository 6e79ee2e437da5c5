import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { writePng } from '@fsmr/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { raterFiles, readSegmentTask } from './segment-inputs.js';

let folder: string;
const at = (name: string) => join(folder, name);

/** A grey PNG of so many pixels a side. */
const save = (name: string, side: number, value: (index: number) => number) =>
  writePng(at(name), {
    width: side,
    height: side,
    channels: 1,
    data: Uint8Array.from({ length: side * side }, (_, i) => value(i)),
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsmr-inputs-'));
  await save('support.png', 8, (i) => i);
  await save('query.png', 8, (i) => 2 * i);
  await save('large.png', 9, (i) => i);
  await save('ann.png', 8, (i) => (i < 20 ? 255 : 0));
  await save('wide.png', 9, (i) => (i < 20 ? 255 : 0));
  await save('ann_query.png', 8, (i) => i);
  await save('empty.png', 8, () => 0);
  await save('grey.png', 8, (i) => 10 * (i % 3));
  await writeFile(at('text.png'), 'no image at all');
});
afterAll(() => rm(folder, { recursive: true }));

const good = () => ({ support: at('support.png'), mask: [`ann=${at('ann.png')}`], query: [at('query.png')] });

describe('readSegmentTask', () => {
  it('reads support, masks by rater and queries by name', async () => {
    const { support, masks, queries } = await readSegmentTask(good());
    expect(support.data[5]).toBe(5);
    expect([...masks.get('ann')!.data].reduce((a, b) => a + b)).toBe(20);
    expect([...queries.keys()]).toEqual(['query']);
  });

  it('names queries of one file name after their folders', async () => {
    await mkdir(at('second'), { recursive: true });
    await save('second/query.png', 8, (i) => i);
    const { queries } = await readSegmentTask({ ...good(), query: [at('query.png'), at('second/query.png')] });
    expect([...queries.keys()]).toEqual([`${basename(folder)}_query`, 'second_query']);
  });

  it('refuses names that would give two results one file', async () => {
    const mask = [`query_x=${at('ann.png')}`, `x=${at('ann.png')}`];
    const both = { ...good(), mask, query: [at('ann_query.png'), at('ann.png')] };
    await expect(readSegmentTask(both)).rejects.toMatchObject({ code: 'input', rater: 'query_x' });
    const map = { ...good(), mask: [`disagreement=${at('ann.png')}`] };
    await expect(readSegmentTask(map)).rejects.toMatchObject({ code: 'input', rater: 'disagreement' });
  });

  it.each([
    ['a mask of another size', { mask: ['ben=wide.png'] }, 'shape', 'wide.png', 'ben', '9 x 9'],
    ['an empty mask', { mask: ['ben=empty.png'] }, 'input', 'empty.png', 'ben', 'is empty'],
    ['a mask with more than two values', { mask: ['ben=grey.png'] }, 'input', 'grey.png', 'ben', 'two values'],
    ['a mask that is no image', { mask: ['ben=text.png'] }, 'input', 'text.png', 'ben', 'PNG'],
    ['a mask that is missing', { mask: ['ben=missing.png'] }, 'input', 'missing.png', 'ben', 'no such file'],
    ['a rater named twice', { mask: ['ben=ann.png', 'ben=ann.png'] }, 'input', 'ann.png', 'ben', 'named twice'],
    ['a query of another size', { query: ['large.png'] }, 'shape', 'large.png', undefined, '9 x 9'],
    ['a query that is no image', { query: ['text.png'] }, 'input', 'text.png', undefined, 'PNG'],
    ['two queries of one name', { query: ['query.png', 'query.png'] }, 'input', 'query.png', undefined, 'both'],
    ['a support that is no image', { support: 'text.png' }, 'input', 'text.png', undefined, 'PNG'],
    ['a folder as support', { support: '.' }, 'input', undefined, undefined, 'cannot be read'],
    ['a missing folder', { support: 'nowhere/support.png' }, 'input', 'support.png', undefined, 'no such file'],
  ])('refuses %s, with file, rater and remedy', async (_what, change, code, file, rater, fault) => {
    const files: { support: string; mask: string[]; query: string[] } = { ...good() };
    if ('support' in change) files.support = at(change.support);
    if ('mask' in change) files.mask = change.mask.map((word) => word.replace('=', `=${folder}/`));
    if ('query' in change) files.query = change.query.map(at);
    const error = await readSegmentTask(files).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, rater, remedy: expect.stringMatching(/\.$/) });
    expect(String(error)).toContain(fault);
    if (file !== undefined) expect((error as { file: string }).file.endsWith(file)).toBe(true);
  });
});

describe('raterFiles', () => {
  it('keeps the order of raters, and equals signs in file names', () => {
    expect([...raterFiles(['b=x=1.png', 'a=y.png'])]).toEqual([
      ['b', 'x=1.png'],
      ['a', 'y.png'],
    ]);
  });

  it.each(['ann.png', '=ann.png', 'ann=', 'an/n=x.png', 'ann ben=x.png'])('refuses %s', (word) => {
    expect(() => raterFiles([word])).toThrow(/rater/);
  });
});
