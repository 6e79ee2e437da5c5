import { createRandom } from '@fsmr/core';
import { describe, expect, it } from 'vitest';
import { phantomDataset } from '../phantom/phantom.js';
import type { Setting } from '../protocol/setting.js';
import type { Dataset } from '../types.js';
import { pseudoEpisodes } from './pseudo-source.js';

const dataset = phantomDataset({ seed: 1, scans: 2, size: 32, raters: 2, slices: 60, classes: 1 });
const allBut = (...kept: number[]): number[] =>
  Array.from({ length: 60 }, (_, z) => z).filter((z) => !kept.includes(z));
const leavingOut = (excludedSlices: Setting['excludedSlices']): Setting => ({
  setting: 2,
  testClasses: [1],
  excludedSlices,
});
const request = (seed: number) => ({ random: createRandom(seed), raters: 2, styles: 'rich' as const });

describe('pseudo episodes in Setting 2', () => {
  it('draws what it drew when slices left out counted as attempts', async () => {
    const setting = leavingOut({ phantom0000: allBut(3, 17, 30, 41), phantom0001: allBut(8, 31, 59) });
    const source = pseudoEpisodes(dataset, { setting, superpixels: { minimumSize: 10 } });
    const drawn: string[] = [];
    for (let seed = 0; seed < 12; seed++) {
      const { origin, support, query } = await source(request(seed));
      const pixels = [support, query].flatMap(({ masks }) => masks.map((mask) => mask.reduce((sum, v) => sum + v, 0)));
      drawn.push(`${origin.scan.at(-1)}/${origin.slice}: ${pixels.join(' ')}`);
    }
    expect(drawn).toEqual([
      '1/59: 59 200 43 154',
      '1/59: 36 12 17 3',
      '0/30: 28 28 22 22',
      '0/3: 20 20 20 20',
      '0/17: 1 1 22 22',
      '1/8: 1 1 2 2',
      '0/41: 24 24 19 19',
      '1/59: 46 41 49 46',
      '0/17: 5 5 8 8',
      '0/41: 78 78 83 83',
      '1/59: 106 111 75 78',
      '1/59: 34 34 31 31',
    ]);
  });

  it('finds the one slice of 120 that is left, whether the number of slices is known or not', async () => {
    const setting = leavingOut({ phantom0000: allBut(), phantom0001: allBut(31) });
    const unknown = { ...dataset, scans: dataset.scans.map(({ slices: _unknown, ...scan }) => scan) };
    for (const set of [dataset, unknown]) {
      const source = pseudoEpisodes(set, { setting, superpixels: { minimumSize: 10 }, augmentation: 'none' });
      for (let seed = 0; seed < 20; seed++) {
        expect((await source(request(seed))).origin).toEqual({ scan: 'phantom0001', slice: 31 });
      }
    }
  });

  it('ends where every slice is left out, once all scans whose slices were not known are read', async () => {
    const setting = leavingOut({ phantom0000: allBut(), phantom0001: allBut() });
    const read: string[] = [];
    const unknown = {
      ...dataset,
      scans: dataset.scans.map(({ slices: _unknown, ...scan }) => scan),
      read: (id: string) => {
        read.push(id);
        return dataset.read(id);
      },
    };
    const fault = 'Setting 2 leaves out every slice of the 2 training scans of phantom.';
    await expect(pseudoEpisodes(dataset, { setting })(request(1))).rejects.toThrow(fault);
    // Each is read once, though nothing is kept.
    await expect(pseudoEpisodes(unknown, { setting, memory: 0 })(request(1))).rejects.toThrow(fault);
    expect(read.sort()).toEqual(['phantom0000', 'phantom0001']);
  });

  it('still ends after a hundred slices without a usable superpixel', async () => {
    const setting = leavingOut({ phantom0000: allBut(3), phantom0001: allBut() });
    const without = { ...dataset, superpixels: async () => new Int32Array(60 * 32 * 32) };
    await expect(pseudoEpisodes(without, { setting })(request(1))).rejects.toThrow(
      'no slice of phantom gave a pseudo episode in 100 draws.',
    );
  });
});

it('names a scan that its data set read wrongly', async () => {
  const short: Dataset = {
    ...dataset,
    read: async (id) => ({ ...(await dataset.read(id)), image: new Float32Array(5) }),
  };
  const source = pseudoEpisodes(short, { superpixels: { minimumSize: 10 } });
  await expect(source(request(1))).rejects.toThrow(/the image of scan phantom000\d of \S+ has 5 voxels/);
});
