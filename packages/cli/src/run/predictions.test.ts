import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLabelVolume } from '@fsmr/imaging';
import type { EpisodePrediction } from '@fsmr/training';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkConfig } from '../config/load.js';
import { openPredictions, writePrediction } from './predictions.js';
import type { Provenance } from './provenance.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fsmr-predictions-'));
});
afterEach(() => rm(root, { recursive: true }));

it('writes volumes as NIfTI on the grid of the scan, under names no file system refuses', async () => {
  const episode: EpisodePrediction['episode'] = {
    supportScan: 'a/1',
    queryScan: 'b:2',
    classId: 1,
    className: 'left kidney',
    raters: ['ann'],
    supportSlices: [0],
    querySlices: [],
  };
  const data = Uint8Array.from({ length: 24 }, (_, i) => (i % 5 === 0 ? 1 : 0));
  const query = {
    id: 'b:2',
    size: [2, 3, 4],
    spacing: [5, 1.5, 0.75],
    image: new Float32Array(24),
    labels: {},
  } as const;
  await writePrediction(root, { arm: 'japc', episode, query, masks: new Map([['ann', data]]) });
  const volume = await readLabelVolume(join(root, 'japc', 'left kidney', 'a%2F1', 'b%3A2', 'ann.nii.gz'));
  expect(volume.size).toEqual([4, 3, 2]);
  expect(volume.spacing).toEqual([0.75, 1.5, 5]);
  expect([...volume.data]).toEqual([...data]);
});

it('knows what any share wrote, and mixes no two models', async () => {
  const { evaluation } = checkConfig({ data: { kind: 'phantom' } });
  const versions = { fsmr: '1', tfjs: '4', backend: 'cpu' };
  const own: Provenance = { versions, weights: { japc: 'a' }, evaluation };
  const first = await openPredictions(root, own, { index: 1, count: 2 });
  await first.add('liver/a/b', 'japc');
  expect(first.has('liver/a/b', 'japc')).toBe(true);
  const whole = await openPredictions(root, own);
  expect([whole.has('liver/a/b', 'japc'), whole.has('liver/a/b', 'base'), whole.has('liver/b/a', 'japc')]).toEqual([
    true,
    false,
    false,
  ]);
  const other = openPredictions(root, { ...own, weights: { japc: 'b' } });
  await expect(other).rejects.toThrow('made with other weights of japc');
});
