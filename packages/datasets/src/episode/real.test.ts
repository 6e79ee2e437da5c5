import { createRandom } from '@fsmr/core';
import { expectNoLeak } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import { phantomDataset } from '../phantom/phantom.js';
import { normalise, statisticsOf, trainingStatistics } from './normalise.js';
import { realEpisode } from './real.js';
import { realEpisodes } from './real-source.js';
import { isEmpty, resizeSlice, sliceOf } from './slice.js';
import { toTensors } from './tensors.js';

const dataset = phantomDataset({ seed: 5, scans: 4, size: 48, slices: 5, raters: 3 });

describe('episodes from real labels', () => {
  it('pair two scans of one class, the same for the same seed', async () => {
    const source = await realEpisodes(dataset);
    const again = await realEpisodes(dataset, { memory: 0 });
    const classes = new Set<number>();
    for (let seed = 0; seed < 10; seed++) {
      const episode = await source({ random: createRandom(seed) });
      expect(episode).toEqual(await again({ random: createRandom(seed) }));
      expect(episode.support.masks.length).toBe(episode.raters.length);
      expect([...episode.support.masks, ...episode.query.masks].some(isEmpty)).toBe(false);
      classes.add(episode.classId);
    }
    expect(classes.size).toBeGreaterThan(1);
  });

  it('need two scans, and slices of one size', async () => {
    await expect(realEpisodes(dataset, { ids: ['phantom0000'] })).rejects.toThrow('drawn in two training scans');
    const scan = await dataset.read('phantom0000');
    const slice = sliceOf(scan, 2, 1, ['tight']);
    const inputs = { raters: ['tight'], support: slice, random: createRandom(1) };
    expect(() => realEpisode({ ...inputs, query: resizeSlice(slice, 32, 32) })).toThrow('the query 32 x 32');
    expect(() => realEpisode({ ...inputs, query: slice, raters: ['a', 'b'] })).toThrow('2 raters need as many masks');
    expect(() => sliceOf(scan, 5)).toThrow('slices 0 to 4');
    expect(() => sliceOf(scan, 0, 1, ['nobody'])).toThrow('rater nobody: did not outline scan phantom0000');
  });

  it('become tensors of the contract', async () => {
    const episode = await (await realEpisodes(dataset))({ random: createRandom(3) });
    expectNoLeak(() => {
      const { raters, support, query } = toTensors(episode);
      expect(support[0]!.image.shape).toEqual([48, 48, 3]);
      expect(Object.keys(query.masks)).toEqual([...raters]);
      const pixels = query.image.dataSync();
      expect([pixels[0], pixels[1], pixels[5]]).toEqual([
        episode.query.image[0],
        episode.query.image[0],
        episode.query.image[1],
      ]);
      expect(query.masks[raters[0]!]!.dataSync()).toEqual(new Float32Array(episode.query.masks[0]!));
      return [support, query] as never;
    });
  });
});

describe('normalisation', () => {
  it('gives mean 0 and population deviation 1, a flat image 0', () => {
    const scan = { id: 's', size: [1, 2, 2] as const, image: Float32Array.of(1, 2, 3, 6), labels: {} };
    expect(statisticsOf(scan.image)).toEqual({ mean: 3, std: Math.sqrt(14 / 4) });
    const { mean, std } = statisticsOf(normalise(scan).image);
    expect(mean).toBeCloseTo(0, 6);
    expect(std).toBeCloseTo(1, 6);
    expect(normalise({ ...scan, image: Float32Array.of(4, 4, 4, 4) }).image).toEqual(new Float32Array(4));
    expect(normalise(scan, { mean: 1, std: 2 }).image).toEqual(Float32Array.of(0, 0.5, 1, 2.5));
    expect(normalise({ ...scan, stored: { mean: 0, std: 2, voxels: 9 } }).image[3]).toBe(3);
  });

  it('of CT counts all voxels of the training scans, of others each scan by itself', async () => {
    const ids = ['phantom0000', 'phantom0002'];
    expect(await trainingStatistics(dataset, ids)).toBeUndefined();
    const images = await Promise.all(ids.map(async (id) => (await dataset.read(id)).image));
    const all = Float32Array.from(images.flatMap((image) => [...image]));
    const found = await trainingStatistics({ ...dataset, modality: 'CT' }, ids);
    expect(found!.mean).toBeCloseTo(statisticsOf(all).mean, 8);
    expect(found!.std).toBeCloseTo(statisticsOf(all).std, 8);
  });
});

describe('resizing a slice', () => {
  it('is bilinear for images, nearest for masks, and its own inverse on flat parts', () => {
    const slice = { height: 1, width: 2, image: Float32Array.of(0, 4), masks: [Uint8Array.of(0, 1)] };
    const wide = resizeSlice(slice, 1, 4);
    expect([...wide.image]).toEqual([0, 1, 3, 4]);
    expect([...wide.masks[0]!]).toEqual([0, 0, 1, 1]);
    expect(resizeSlice(slice, 1, 2)).toBe(slice);
  });
});
