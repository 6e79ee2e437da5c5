import { phantomDataset, readClassMap } from '@fsmr/datasets';
import { expect, it } from 'vitest';
import { isTestScan, trainAndTest } from './train-and-test.js';

const part = (seed: number) => phantomDataset({ seed, scans: 2, size: 32, raters: 2 });

it('a part to train with and a part to test keep their scans apart, whatever their numbers', async () => {
  const both = trainAndTest(part(1), { ...part(2), raters: ['tight', 'new'] });
  const ids = both.scans.map(({ id }) => id);
  expect(ids).toEqual(['train-phantom0000', 'train-phantom0001', 'test-phantom0000', 'test-phantom0001']);
  expect(both.scans.map(isTestScan)).toEqual([false, false, true, true]);
  expect(both.raters).toEqual([...part(1).raters, 'new']);
  const own = await part(2).read('phantom0001');
  expect(await both.read('test-phantom0001')).toEqual({ ...own, id: 'test-phantom0001' });
  expect(Object.keys(await readClassMap(both))).toEqual(ids);
  await expect(both.read('phantom0001')).rejects.toMatchObject({ code: 'input' });
});

it('has superpixels where training has them, and class maps where both have', async () => {
  const superpixels = async () => Int32Array.of(7);
  const classMap = async () => ({ phantom0000: { 1: { tight: [0] } } });
  const both = trainAndTest({ ...part(1), superpixels, classMap }, { ...part(2), classMap });
  expect(await both.superpixels!('train-phantom0000')).toEqual(Int32Array.of(7));
  await expect(both.superpixels!('test-phantom0000')).rejects.toThrow('no superpixels of scan test-phantom0000');
  expect(await both.classMap!()).toEqual({
    'train-phantom0000': { 1: { tight: [0] } },
    'test-phantom0000': { 1: { tight: [0] } },
  });
  expect(trainAndTest({ ...part(1), classMap }, part(2)).classMap).toBeUndefined();
});

it('puts numbered raters in the order of their numbers', () => {
  const numbered = (raters: string[]) => ({ ...part(1), raters });
  expect(trainAndTest(numbered(['1', '10']), numbered(['9', '1'])).raters).toEqual(['1', '9', '10']);
  const prepared = trainAndTest(numbered(['rater1', 'rater3']), numbered(['rater1', 'rater2', 'rater3']));
  expect(prepared.raters).toEqual(['rater1', 'rater2', 'rater3']);
});

it('refuses parts of different classes', () => {
  const other = { ...part(2), classes: [{ id: 1, name: 'other' }] };
  expect(() => trainAndTest(part(1), other)).toThrow('the test set 1 other');
});
