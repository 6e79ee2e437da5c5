import { phantomDataset } from '@fsmr/datasets';
import { expect, it } from 'vitest';
import { checkConfig } from '../config/load.js';
import { sourceOptions } from './training-episodes.js';

it('refuses a size of superpixels where the set has its own', async () => {
  const phantom = phantomDataset({ seed: 1, scans: 4, size: 32, raters: 2 });
  const cut = { ...phantom, superpixels: async () => new Int32Array(1024) };
  const config = (training = {}) => checkConfig({ data: { kind: 'phantom' }, training });
  await expect(sourceOptions(config({ superpixelArea: 100 }), cut)).rejects.toMatchObject({
    code: 'config',
    remedy: expect.stringContaining('--no-superpixels'),
  });
  expect((await sourceOptions(config(), cut)).superpixels).toEqual({ minimumSize: 400 });
  expect((await sourceOptions(config({ superpixelArea: 100 }), phantom)).superpixels).toEqual({ minimumSize: 100 });
});
