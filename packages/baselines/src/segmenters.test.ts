import { tinyEncoder } from '@fsmr/backbones';
import { createRandom } from '@fsmr/core';
import { phantomDataset } from '@fsmr/datasets';
import type { Lesson, Segmenter } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  dpersonaSegmenter,
  type EpochReport,
  type LearningMemory,
  mrnetSegmenter,
  supervisedSegmenter,
} from './index.js';
import { useNativeBackend } from './network/oracle.fixture.js';

useNativeBackend('segmenters');

const dataset = phantomDataset({ seed: 3, scans: 3, size: 32, raters: 2, slices: 2, classes: 1 });
const encoder = tinyEncoder({ channels: 8, width: 4 });

const lesson = async (changes: Partial<Lesson> = {}): Promise<Lesson> => ({
  scan: await dataset.read('phantom0000'),
  slices: [0, 0, 1],
  classId: 1,
  className: 'liver',
  raters: dataset.raters,
  seed: 1,
  ...changes,
});

const makers: Record<string, (onEpoch?: (report: EpochReport) => void) => Segmenter> = {
  mrnet: (onEpoch) =>
    mrnetSegmenter({
      encoder,
      epochs: 1,
      reconstructionWidth: 4,
      refinementWidth: 4,
      ...(onEpoch && { onEpoch }),
    }),
  'd-persona': (onEpoch) => dpersonaSegmenter({ encoder, epochs: 1, bank: 10, ...(onEpoch && { onEpoch }) }),
  'fully supervised': (onEpoch) =>
    supervisedSegmenter({
      encoder,
      dataset,
      scans: ['phantom0001', 'phantom0002'],
      epochs: 2,
      batch: 3,
      slicesPerScan: 2,
      ...(onEpoch && { onEpoch }),
    }),
};

describe.each(Object.keys(makers))('%s', (name) => {
  it('learns from a phantom’s support, segments once a rater, and frees everything', async () => {
    const before = tf.memory().numTensors;
    const progress: [number, number][] = [];
    const epochs: EpochReport[] = [];
    const segmenter = makers[name]!((report) => epochs.push(report));
    expect(segmenter.name).toBe(name);
    const learned = await segmenter.learn(await lesson({ onProgress: (done, total) => progress.push([done, total]) }));
    const query = await dataset.read('phantom0001');
    const between = tf.memory().numTensors;
    const masks = learned.segment(query, 1, 0);
    expect(masks.shape).toEqual([2, 32, 32]);
    expect(new Set([0, 1, ...masks.dataSync()]).size).toBe(2);
    const again = learned.segment(query, 1, 0);
    expect(again.dataSync()).toEqual(masks.dataSync());
    tf.dispose([masks, again]);
    expect(tf.memory().numTensors).toBe(between);
    learned.dispose();
    segmenter.dispose();
    await new Promise((resolve) => setImmediate(resolve));
    expect(tf.memory().numTensors).toBe(before);
    const total = name === 'mrnet' ? 1 : 2;
    expect(progress).toEqual(Array.from({ length: total }, (_, done) => [done + 1, total]));
    expect(epochs).toHaveLength(total);
    for (const { losses } of epochs) expect(Object.values(losses).every(Number.isFinite)).toBe(true);
  });

  it('stops when told to and frees what it held', async () => {
    const before = tf.memory().numTensors;
    const control = new AbortController();
    control.abort();
    const segmenter = makers[name]!();
    await expect(segmenter.learn(await lesson({ signal: control.signal }))).rejects.toThrow('learning was stopped');
    segmenter.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('learning', () => {
  const losses = async (name: string, seed: number): Promise<EpochReport[]> => {
    const reports: EpochReport[] = [];
    const segmenter = makers[name]!((report) => reports.push(report));
    (await segmenter.learn(await lesson({ seed }))).dispose();
    return reports;
  };

  it('depends on the lesson’s seed alone', async () => {
    const one = await losses('d-persona', 1);
    expect(await losses('d-persona', 1)).toEqual(one);
    expect(await losses('d-persona', 2)).not.toEqual(one);
  });

  it('leaves the encoder’s parameters as they were, and names one that is missing', async () => {
    const parameters = encoder.init(createRandom(4));
    const kernel = parameters['localconv.weight']!;
    const values = Array.from(kernel.dataSync());
    const segmenter = dpersonaSegmenter({ encoder, parameters, epochs: 1, learningRate: 0.1 });
    (await segmenter.learn(await lesson())).dispose();
    expect(Array.from(kernel.dataSync())).toEqual(values);
    const { 'localconv.weight': _missing, ...rest } = parameters;
    const lacking = dpersonaSegmenter({ encoder, parameters: rest });
    await expect(lacking.learn(await lesson())).rejects.toThrow('the parameter localconv.weight of the encoder');
  });

  it('says which scans the supervised bound needs', async () => {
    const segmenter = supervisedSegmenter({ encoder, dataset, scans: [] });
    await expect(segmenter.learn(await lesson())).rejects.toThrow('no training scan shows the class');
  });
});

describe('the memory of the supervised bound', () => {
  const kept = new Map<string, Uint8Array>();
  const writes: boolean[] = [];
  const memory: LearningMemory = {
    identity: 'start',
    read: async (name, decode) => (kept.has(name) ? decode(kept.get(name)!) : undefined),
    write: async (name, bytes, finished) => {
      kept.set(name, bytes);
      writes.push(finished);
    },
  };
  const learn = async (own: LearningMemory | undefined, changes: Partial<Lesson> = {}, learningRate = 0.01) => {
    const losses: number[] = [];
    const segmenter = supervisedSegmenter({
      encoder,
      dataset,
      scans: ['phantom0001', 'phantom0002'],
      epochs: 3,
      batch: 3,
      learningRate,
      onEpoch: (report) => losses.push(report.losses.loss!),
      ...(own && { memory: own }),
    });
    try {
      (await segmenter.learn(await lesson(changes))).dispose();
    } finally {
      segmenter.dispose();
      // What was learned is freed once its promise is looked at.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return losses;
  };

  it('goes on where it was interrupted, ends the same, and then learns nothing more', async () => {
    const before = tf.memory().numTensors;
    const whole = await learn({ ...memory, read: async () => undefined });
    const learned = kept.get('supervised-liver');
    kept.clear();
    expect(whole).toHaveLength(3);
    const control = new AbortController();
    const onProgress = (): void => control.abort();
    await expect(learn(memory, { signal: control.signal, onProgress })).rejects.toThrow('learning was stopped');
    expect(await learn(memory)).toEqual(whole.slice(1));
    expect(kept.get('supervised-liver')).toEqual(learned);
    expect(await learn(memory)).toEqual([]);
    expect(writes).toEqual([false, false, true, false, false, true]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses what was learned otherwise, or is no such file', async () => {
    const other = { code: 'weights', message: expect.stringContaining('was learned with other settings.') };
    await expect(learn(memory, {}, 0.02)).rejects.toMatchObject(other);
    await expect(learn({ ...memory, identity: 'other' })).rejects.toMatchObject(other);
    const damaged: LearningMemory = { ...memory, read: async (_, decode) => decode(new Uint8Array(20)) };
    await expect(learn(damaged)).rejects.toMatchObject({ code: 'weights' });
  });
});
