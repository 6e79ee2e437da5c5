import { createHash } from 'node:crypto';
import { InputError } from '@fsmr/core';
import { toTensors } from '@fsmr/datasets';
import { type BundledScripts, bundleScripts } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FixtureData, fixtureSamples } from './loader.fixture.js';
import { type EpisodeLoader, startEpisodeLoader } from './loader.js';
import { twoStagePlan } from './plan.js';
import { disposeEpisode, episodeRequest } from './train.js';

let scripts: BundledScripts;
beforeAll(async () => {
  scripts = await bundleScripts(
    { loader: new URL('./loader.fixture.ts', import.meta.url) },
    new URL('../', import.meta.url),
  );
});
afterAll(() => scripts.remove());

const plan = twoStagePlan(8, 3);
const seed = 'loader';
const start = (loaders: number, data: FixtureData = {}, from = 0, ahead = 2) =>
  startEpisodeLoader({ plan, seed, start: from, loaders, ahead, script: scripts.at('loader'), data });

const hashOf = (tensor: tf.Tensor) => createHash('sha256').update(tensor.dataSync()).digest('hex');

/** Every number of an episode, as hashes, asked for as the trainer asks. */
async function numbersOf(source: EpisodeLoader['episodes'], step: number) {
  const episode = await source(episodeRequest(plan, seed, step));
  const all = [...episode.support, episode.query].map(({ image, masks }) => [
    hashOf(image),
    ...Object.entries(masks).map(([rater, mask]) => [rater, hashOf(mask)]),
  ]);
  disposeEpisode(episode);
  return { raters: episode.raters, all };
}

const samples = fixtureSamples();
const inThread = (step: number) => numbersOf(async (request) => toTensors(await samples(request)), step);

describe('startEpisodeLoader', () => {
  it('gives the very episodes of this thread, whatever the number of threads and the order', async () => {
    const expected = await Promise.all(Array.from({ length: 8 }, (_, step) => inThread(step)));
    expect(expected[7]!.raters).toHaveLength(3);
    for (const [loaders, ahead] of [
      [1, 1],
      [2, 3],
    ] as const) {
      const before = tf.memory().numTensors;
      const loader = start(loaders, {}, 0, ahead);
      for (const [step, numbers] of expected.entries()) expect(await numbersOf(loader.episodes, step)).toEqual(numbers);
      // Back to a step that was not made ahead, as a trainer would that began elsewhere.
      expect(await numbersOf(loader.episodes, 4)).toEqual(expected[4]);
      await loader.close();
      expect(tf.memory().numTensors).toBe(before);
    }
    const resumed = start(2, {}, 5);
    expect(await numbersOf(resumed.episodes, 5)).toEqual(expected[5]);
    await resumed.close();
  });

  it('throws the error of a thread when its step is due, of its own kind', async () => {
    const loader = start(1, { failAt: 1 });
    await numbersOf(loader.episodes, 0);
    const failed = numbersOf(loader.episodes, 1);
    await expect(failed).rejects.toBeInstanceOf(InputError);
    await expect(failed).rejects.toMatchObject({
      message: 'a.png, rater anna: is empty. Draw it.',
      rater: 'anna',
      remedy: 'Draw it.',
    });
    await numbersOf(loader.episodes, 2);
    await loader.close();
  });

  it('says that data cannot be opened, and that a thread ended', async () => {
    const closed = start(2, { closed: 'cannot be opened.' });
    await expect(numbersOf(closed.episodes, 0)).rejects.toThrow('cases: cannot be opened.');
    await closed.close();
    const ending = start(1, { exitAt: 0 });
    await expect(numbersOf(ending.episodes, 0)).rejects.toMatchObject({ code: 'engine' });
    await expect(numbersOf(ending.episodes, 5)).rejects.toThrow('ended by itself, with code 3');
    await ending.close();
  });

  it('ends threads at work when it is closed', async () => {
    const loader = start(2);
    const awaited = numbersOf(loader.episodes, 0);
    const refused = expect(awaited).rejects.toMatchObject({ code: 'interrupted' });
    await loader.close();
    await refused;
  });

  it('refuses numbers below 1 and scripts that are missing', () => {
    expect(() => start(0)).toThrow('loaders must be a whole number from 1 on');
    expect(() => start(1, {}, 0, 1.5)).toThrow('ahead must be');
    const script = new URL('./nowhere.js', import.meta.url);
    expect(() => startEpisodeLoader({ plan, seed, loaders: 1, script })).toThrow('Build it first');
  });
});
