import { createRandom } from '@fsmr/core';
import { applyStyles } from '@fsmr/pseudo-labels';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyAugmentation } from '../augment/apply.js';
import { phantomDataset } from '../phantom/phantom.js';
import { createSetting } from '../protocol/setting.js';
import { pseudoEpisode } from './pseudo.js';
import { pseudoEpisodes } from './pseudo-source.js';
import { isEmpty } from './slice.js';

const dataset = phantomDataset({ seed: 3, scans: 3, size: 64, slices: 2 });

describe('pseudo episodes', () => {
  const source = pseudoEpisodes(dataset);

  it('are the same for the same seed, whatever came before', async () => {
    const again = pseudoEpisodes(dataset, { memory: 0 });
    for (const seed of [1, 2, 3]) {
      const request = () => ({ random: createRandom(seed), raters: 3, styles: 'rich' as const });
      expect(await source(request())).toEqual(await again(request()));
    }
    expect(await source({ random: createRandom(1), raters: 3, styles: 'rich' })).not.toEqual(
      await source({ random: createRandom(2), raters: 3, styles: 'rich' }),
    );
  });

  it('show the same styles in the same order on support and query, no mask empty', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 5 }), async (seed, raters) => {
        const episode = await source({ random: createRandom(seed), raters, styles: 'rich' });
        expect(episode.raters).toHaveLength(raters);
        expect(episode.record.styles).toHaveLength(raters);
        for (const { masks } of [episode.support, episode.query]) {
          expect(masks).toHaveLength(raters);
          expect(masks.some(isEmpty)).toBe(false);
        }
        expect(episode.record.styles[0]).toEqual({ operation: 'identity' });
      }),
      { numRuns: 25 },
    );
  });

  it('without transforms, support and query are equal and hold exactly the styled masks', () => {
    const size = 40;
    const regions = new Int32Array(size * size);
    for (let y = 8; y < 30; y++) for (let x = 6; x < 28; x++) regions[y * size + x] = 1;
    const superpixels = { width: size, height: size, data: regions };
    const image = Float32Array.from(regions, (region) => region + 0.5);
    const styles = [
      { operation: 'identity' },
      { operation: 'erosion', radius: 2 },
      { operation: 'dilation', radius: 3 },
    ] as const;
    const inputs = { slice: { width: size, height: size, image, masks: [] }, superpixels, styles };
    const plain = pseudoEpisode({ ...inputs, random: createRandom(1), augmentation: 'none' })!;
    const target = { width: size, height: size, data: Uint8Array.from(regions) };
    expect(plain.support.masks).toEqual(applyStyles(target, styles).map(({ data }) => data));
    expect(plain.query).toEqual(plain.support);

    // Styles come before the transform: both copies are one styled sample under recorded parameters.
    const moved = pseudoEpisode({ ...inputs, random: createRandom(1) })!;
    const styled = { ...inputs.slice, masks: plain.support.masks };
    expect(moved.support).toEqual(applyAugmentation(styled, moved.record.support!));
    expect(moved.query).toEqual(applyAugmentation(styled, moved.record.query!));
    expect(moved.record.support).not.toEqual(moved.record.query);
    expect(JSON.parse(JSON.stringify(moved.record))).toEqual(moved.record);
  });

  it('answers undefined where a slice has no superpixel', () => {
    const slice = { width: 4, height: 4, image: new Float32Array(16), masks: [] };
    const superpixels = { width: 4, height: 4, data: new Int32Array(16) };
    expect(pseudoEpisode({ slice, superpixels, styles: [], random: createRandom(1) })).toBeUndefined();
  });

  it('leaves out the slices of Setting 2, and says so when none is left', async () => {
    const all = { phantom0000: { 1: { tight: [0, 1] } }, phantom0001: { 1: { tight: [0, 1] } }, phantom0002: {} };
    const setting = createSetting(dataset, { setting: 2, testClasses: [1] }, all);
    const third = pseudoEpisodes(dataset, { ids: ['phantom0002'], augmentation: 'none' });
    const left = pseudoEpisodes(dataset, { setting, augmentation: 'none' });
    const images = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      images.add((await third({ random: createRandom(seed), raters: 1, styles: 'none' })).support.image.join());
    }
    expect(images.size).toBe(2);
    for (let seed = 0; seed < 12; seed++) {
      const episode = await left({ random: createRandom(seed), raters: 1, styles: 'none' });
      expect(images.has(episode.support.image.join())).toBe(true);
    }
    const nothing = pseudoEpisodes(dataset, { ids: ['phantom0000'], setting });
    await expect(nothing({ random: createRandom(1), raters: 1, styles: 'none' })).rejects.toMatchObject({
      code: 'input',
      message: expect.stringContaining('Setting 2 leaves out every slice of the 1 training scan of phantom.'),
      remedy: 'Train in Setting 1, test fewer classes at a time, or add scans without them.',
    });
  });

  it('brings slices to one size', async () => {
    const episode = await pseudoEpisodes(dataset, { size: 48 })({ random: createRandom(5), raters: 2, styles: 'mild' });
    expect([episode.support.height, episode.query.width]).toEqual([48, 48]);
  });
});
