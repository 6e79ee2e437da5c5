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
  type TrainedSegmenterOptions,
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

type Changing = Partial<Pick<TrainedSegmenterOptions, 'epochs' | 'learningRate' | 'onEpoch' | 'memory'>>;

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
      scans: ['phantom0002'],
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

it('does not let the supervised bound segment what it learned from', async () => {
  const segmenter = supervisedSegmenter({ encoder, dataset, scans: ['phantom0001'], epochs: 1, batch: 2 });
  const learned = await segmenter.learn(await lesson());
  const seen = await dataset.read('phantom0001');
  const segment = () => learned.segment(seen, 0, 0);
  expect(segment).toThrow(expect.objectContaining({ code: 'input' }));
  expect(segment).toThrow('scan phantom0001 is one of those the supervised bound was trained on');
  learned.segment(await dataset.read('phantom0002'), 0, 0).dispose();
  segmenter.dispose();
});

describe.each([
  {
    arm: 'the supervised bound',
    place: 'supervised-liver',
    make: (options: Changing) =>
      supervisedSegmenter({ encoder, dataset, scans: ['phantom0001', 'phantom0002'], batch: 3, ...options }),
  },
  {
    arm: 'MRNet',
    place: 'mrnet-liver-phantom0000',
    make: (options: Changing) =>
      mrnetSegmenter({ encoder, width: 4, reconstructionWidth: 4, refinementWidth: 4, ...options }),
  },
  {
    arm: 'D-Persona, in its first stage and its second,',
    place: 'd-persona-liver-phantom0000',
    make: (options: Changing) => dpersonaSegmenter({ encoder, bank: 10, ...options }),
  },
])('the memory of $arm', ({ arm, place, make }) => {
  const stages = arm.startsWith('D-Persona') ? 2 : 1;
  const epochs = 2;
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
  /** The losses of each epoch; stops after `last` of them. */
  const learn = async (
    own: LearningMemory,
    last = Number.POSITIVE_INFINITY,
    changes: Changing = {},
    shown: Partial<Lesson> = {},
  ) => {
    const reports: EpochReport[] = [];
    const control = new AbortController();
    const onProgress = (done: number): void => {
      if (done >= last) control.abort();
    };
    const onEpoch = (report: EpochReport): void => void reports.push(report);
    const segmenter = make({ epochs, learningRate: 0.01, onEpoch, memory: own, ...changes });
    try {
      const learning = segmenter.learn(await lesson({ ...shown, signal: control.signal, onProgress }));
      if (last < stages * epochs) await expect(learning).rejects.toThrow('learning was stopped');
      else (await learning).dispose();
    } finally {
      segmenter.dispose();
      // What was learned is freed once its promise is looked at.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return reports;
  };

  it('may be disposed while it learns; the lesson alone says that it was stopped', async () => {
    const control = new AbortController();
    const segmenter = make({ epochs, learningRate: 0.01, memory });
    const learning = segmenter.learn(await lesson({ signal: control.signal })).catch((cause: unknown) => cause);
    control.abort();
    // A rejection that nobody looked at would end this process.
    segmenter.dispose();
    expect(await learning).toMatchObject({ code: 'interrupted' });
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('goes on where it was interrupted, ends the same, and then learns nothing more', async () => {
    const before = tf.memory().numTensors;
    const whole = await learn({ ...memory, read: async () => undefined });
    const learned = kept.get(place);
    expect(learned?.length).toBeGreaterThan(0);
    expect(whole).toHaveLength(stages * epochs);
    for (let stop = 1; stop < stages * epochs; stop++) {
      kept.clear();
      expect(await learn(memory, stop)).toEqual(whole.slice(0, stop));
      writes.length = 0;
      expect(await learn(memory)).toEqual(whole.slice(stop));
      expect(Buffer.compare(kept.get(place)!, learned!)).toBe(0);
      expect(writes).toEqual(
        whole.slice(stop).map(({ stage, epoch }) => epoch === epochs && stage === whole.at(-1)!.stage),
      );
    }
    expect(await learn(memory)).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is written no more often than wanted, but in the end', async () => {
    writes.length = 0;
    await learn({ ...memory, read: async () => undefined, pause: 1e9 });
    expect(writes).toEqual([true]);
  });

  it('refuses what was learned otherwise, or is no such file', async () => {
    const other = {
      code: 'weights',
      message: expect.stringContaining('was learned with other settings or from other data.'),
    };
    await expect(learn(memory, undefined, { learningRate: 0.02 })).rejects.toMatchObject(other);
    await expect(learn({ ...memory, identity: 'other' })).rejects.toMatchObject(other);
    if (!arm.includes('supervised')) {
      const scan = await dataset.read('phantom0000');
      const second = dataset.raters[1]!;
      const labels = { ...scan.labels, [second]: scan.labels[second]!.map((label) => 1 - label) };
      const corrected = { ...scan, labels };
      await expect(learn(memory, undefined, {}, { scan: corrected })).rejects.toMatchObject(other);
    }
    const damaged: LearningMemory = { ...memory, read: async (_, decode) => decode(new Uint8Array(20)) };
    await expect(learn(damaged)).rejects.toMatchObject({ code: 'weights' });
  });
});
