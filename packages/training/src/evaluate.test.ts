import { evaluationEpisodes } from '@fsmr/datasets';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { areaDataset, areaMethod, greyStore, modelOf } from './area.fixture.js';
import { classPlane, type EpisodeRecords, episodeKey, evaluate } from './evaluate.js';
import type { Arm } from './predict.js';

const arm: Arm = { name: 'area', model: modelOf(areaMethod), parameters: {}, mode: 'per-rater' };

async function run(options: { done?: Set<string>; stopAfter?: number } = {}) {
  const dataset = areaDataset();
  const episodes = [...(await evaluationEpisodes(dataset))];
  const store = greyStore();
  const controller = new AbortController();
  const found = new Map<string, readonly EpisodeRecords[]>();
  await evaluate({
    dataset,
    arms: [arm],
    features: { area: store },
    episodes,
    signal: controller.signal,
    onEpisode: (key, results) => {
      found.set(key, results);
      if (found.size === options.stopAfter) controller.abort();
    },
    ...(options.done && { done: options.done }),
  });
  store.dispose();
  return { found, keys: episodes.map(episodeKey) };
}

describe('evaluate', () => {
  it('counts what each rater’s mask predicts against that rater’s own truth', async () => {
    const before = tf.memory().numTensors;
    const { found, keys } = await run();
    expect([...found.keys()]).toEqual(keys);
    expect(keys).toEqual(['1/a/b', '1/a/c', '1/b/a', '1/b/c', '1/c/a', '1/c/b']);
    // Half the image is wide's, so 0.6 to 0.8 exceed 1 - 1/2; a quarter is narrow's, so 0.8 alone exceeds 1 - 1/4.
    expect(found.get('1/a/b')).toEqual([
      {
        arm: 'area',
        records: [
          { scan: 'b', support: 'a', rater: 'wide', class: 'bright', tp: 3, fp: 0, fn: 1 },
          { scan: 'b', support: 'a', rater: 'narrow', class: 'bright', tp: 1, fp: 0, fn: 1 },
        ],
      },
    ]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('passes over what is done, and stops after an episode', async () => {
    const first = await run({ stopAfter: 2 });
    expect([...first.found.keys()]).toEqual(['1/a/b', '1/a/c']);
    const rest = await run({ done: new Set(first.found.keys()) });
    expect([...first.found, ...rest.found]).toEqual([...(await run()).found]);
  });

  it('refuses an arm without features, and a rater who is absent', async () => {
    const dataset = areaDataset();
    const episodes = await evaluationEpisodes(dataset);
    const inputs = { dataset, arms: [arm], features: {}, episodes, onEpisode: () => {} };
    await expect(evaluate(inputs)).rejects.toThrow('no feature store for arm area');
    const scan = await dataset.read('a');
    expect(() => classPlane(scan, 0, 'nobody', 1)).toThrow('rater nobody');
  });
});
