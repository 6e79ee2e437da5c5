import { InterruptedError } from '@fsmr/core';
import { evaluationEpisodes } from '@fsmr/datasets';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { areaDataset, areaMethod, greyStore, modelOf } from './area.fixture.js';
import { classPlane } from './class-masks.js';
import { type EvaluateInputs, evaluate, withRecentScans } from './evaluate.js';
import { fewShotSegmenter } from './few-shot.js';
import { episodeKey } from './lessons.js';
import type { Arm } from './predict.js';
import type { Lesson, Segmenter } from './segmenter.js';

const arm: Arm = { name: 'area', model: modelOf(areaMethod), parameters: {}, mode: 'per-rater' };

async function run(options: { done?: Set<string>; stopAfter?: number } = {}) {
  const dataset = areaDataset();
  const episodes = [...(await evaluationEpisodes(dataset))];
  const store = greyStore();
  const controller = new AbortController();
  const found = new Map<string, unknown>();
  await evaluate({
    dataset,
    segmenters: [fewShotSegmenter(arm, store)],
    episodes,
    signal: controller.signal,
    onEpisode: (key, result) => {
      found.set(key, result);
      if (found.size === options.stopAfter) controller.abort();
    },
    isDone: (key) => options.done?.has(key) ?? false,
  });
  store.dispose();
  return { found, keys: episodes.map(episodeKey) };
}

/** A segmenter that marks everything, and remembers what it was taught. */
function recorder(name: string, learn: (lesson: Lesson) => void = () => {}) {
  const lessons: Lesson[] = [];
  let open = 0;
  const segmenter: Segmenter = {
    name,
    learn: async (lesson) => {
      learn(lesson);
      lessons.push(lesson);
      open++;
      return { segment: ({ size }) => tf.ones([lesson.raters.length, size[1], size[2]]), dispose: () => void open-- };
    },
    dispose: () => {},
  };
  return { segmenter, lessons, open: () => open };
}

async function evaluateWith(changes: Pick<EvaluateInputs, 'segmenters'> & Partial<EvaluateInputs>) {
  const dataset = areaDataset();
  const found: string[] = [];
  const onEpisode = (key: string, result: { arm: string }) => void found.push(`${result.arm} ${key}`);
  await evaluate({ dataset, episodes: await evaluationEpisodes(dataset), onEpisode, ...changes });
  return found;
}

describe('evaluate', () => {
  it('counts what each rater’s mask predicts against that rater’s own truth', async () => {
    const before = tf.memory().numTensors;
    const { found, keys } = await run();
    expect([...found.keys()]).toEqual(keys);
    expect(keys).toEqual(['1/a/b', '1/a/c', '1/b/a', '1/b/c', '1/c/a', '1/c/b']);
    // Half the image is wide's, so 0.6 to 0.8 exceed 1 - 1/2; a quarter is narrow's, so 0.8 alone exceeds 1 - 1/4.
    expect(found.get('1/a/b')).toEqual({
      arm: 'area',
      records: [
        { scan: 'b', support: 'a', rater: 'wide', class: 'bright', tp: 3, fp: 0, fn: 1 },
        { scan: 'b', support: 'a', rater: 'narrow', class: 'bright', tp: 1, fp: 0, fn: 1 },
      ],
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('passes over what is done, and stops after an episode', async () => {
    const first = await run({ stopAfter: 2 });
    expect([...first.found.keys()]).toEqual(['1/a/b', '1/a/c']);
    const rest = await run({ done: new Set(first.found.keys()) });
    expect([...first.found, ...rest.found]).toEqual([...(await run()).found]);
  });

  it('teaches each support once, and only those who have something left to do', async () => {
    const [one, two] = [recorder('one'), recorder('two')];
    const found = await evaluateWith({
      segmenters: [one.segmenter, two.segmenter],
      isDone: (key, name) => name === 'two' && key !== '1/b/c',
      seed: 'run',
    });
    expect(one.lessons.map(({ scan }) => scan.id)).toEqual(['a', 'b', 'c']);
    const { scan, seed, ...lesson } = two.lessons[0]!;
    expect([two.lessons.length, scan.id, seed]).toEqual([1, 'b', 'run/1/b']);
    expect(lesson).toEqual({ slices: [0, 0, 0], classId: 1, className: 'bright', raters: ['wide', 'narrow'] });
    expect(found.filter((key) => key.startsWith('two'))).toEqual(['two 1/b/c']);
    expect(one.open()).toBe(0);
  });

  it('stops within learning, says how far that is, and passes on other errors', async () => {
    const controller = new AbortController();
    const stopped = recorder('slow', ({ onProgress }) => {
      onProgress?.(1, 50);
      controller.abort();
      throw new InterruptedError('learning stopped.');
    });
    const told: unknown[] = [];
    const found = await evaluateWith({
      segmenters: [stopped.segmenter],
      signal: controller.signal,
      onLearning: (name, { supportScan }, done, total) => told.push([name, supportScan, done, total]),
    });
    expect([found, told]).toEqual([[], [['slow', 'a', 1, 50]]]);
    const broken = recorder('broken', () => {
      throw new Error('no');
    });
    await expect(evaluateWith({ segmenters: [broken.segmenter] })).rejects.toThrow('no');
  });

  it('reads a scan again only after others pushed it out', async () => {
    const dataset = areaDataset();
    const { read } = withRecentScans(dataset, 2);
    for (const id of ['a', 'b', 'a', 'c', 'a', 'b']) await read(id);
    expect(dataset.reads).toEqual(['a', 'b', 'c', 'b']);
  });

  it('names the scan that was read wrongly, once for all who learn', async () => {
    const one = recorder('one');
    const dataset = areaDataset();
    const episodes = await evaluationEpisodes(dataset);
    const spoiled = async (id: string) => {
      const scan = await dataset.read(id);
      return id === 'b' ? { ...scan, image: scan.image.map((grey, i) => (i === 5 ? Number.NaN : grey)) } : scan;
    };
    const before = tf.memory().numTensors;
    await expect(
      evaluateWith({ segmenters: [one.segmenter], episodes, dataset: { ...dataset, read: spoiled } }),
    ).rejects.toMatchObject({
      code: 'input',
      message:
        'the image of scan b of areas is NaN at slice 0, row 1, column 1. Give finite values; 0 where nothing was measured.',
    });
    const nothing = { ...dataset, read: async () => undefined as never };
    await expect(evaluateWith({ segmenters: [one.segmenter], episodes, dataset: nothing })).rejects.toThrow(
      'scan a of areas was read as undefined.',
    );
    expect([one.open(), tf.memory().numTensors]).toEqual([0, before]);
  });

  it('refuses a rater who is absent', async () => {
    const scan = await areaDataset().read('a');
    expect(() => classPlane(scan, 0, 'nobody', 1)).toThrow('rater nobody');
  });
});
