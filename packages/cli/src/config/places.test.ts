import { expect, it } from 'vitest';
import { sameTraining } from '../run/adopt.js';
import { checkConfig } from './load.js';
import { withoutPlaces } from './places.js';

it('leaves the names of what is read, and everything else as it is', () => {
  const at = (folder: string, weights: string) =>
    checkConfig({ seed: 3, data: { kind: 'bubil', folder }, model: { backbone: 'resnet50', weights } });
  const here = withoutPlaces(at('/data/bubil/', '/models/resnet50.npz'));
  expect(here).toEqual(withoutPlaces(at('D:\\sets\\bubil', 'resnet50.npz')));
  expect(here).toEqual(at('bubil', 'resnet50.npz'));
  expect(here).not.toEqual(withoutPlaces(at('/data/other', '/models/resnet50.npz')));
  expect(here).not.toEqual(withoutPlaces(at('/data/bubil', '/models/resnet101.npz')));
  const phantom = checkConfig({ data: { kind: 'phantom' } });
  expect(withoutPlaces(phantom)).toEqual(phantom);
});

it('knows the test part of a prepared set, and takes a moved set for the same run', () => {
  const at = (root: string) =>
    checkConfig({ data: { kind: 'prepared', folder: `${root}/train`, test: `${root}/test` }, training: { steps: 4 } });
  expect(withoutPlaces(at('/one')).data).toMatchObject({ folder: 'train', test: 'test' });
  expect(sameTraining(at('/one'), at('/two'))).toBe(true);
  const alone = checkConfig({ data: { kind: 'prepared', folder: '/two/train' }, training: { steps: 4 } });
  expect(sameTraining(at('/one'), alone)).toBe(false);
});
