import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileEncoder, type Encoder } from '@fsmr/backbones';
import { encoderPrefix, withPrefix } from '@fsmr/core';
import { phantomDataset, resizedDataset, resizeSlice } from '@fsmr/datasets';
import { greyPicture, maskPicture, readMaskPng, writePng } from '@fsmr/imaging';
import { createFeatureStore, fewShotSegmenter } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exists } from '../run/files.js';
import { runFolder } from '../run/folder.js';
import { readModelFile } from '../run/model-file.js';
import { segmentCommand } from './segment.js';
import { readSegmentTask } from './segment-inputs.js';
import { noSignal, startTinyRuns, tinyConfig } from './tiny-run.fixture.js';
import { trainRun } from './train.js';

let runs: Awaited<ReturnType<typeof startTinyRuns>>;

beforeAll(async () => {
  runs = await startTinyRuns();
  const config = tinyConfig({ training: { steps: 2, superpixelArea: 40 } });
  await trainRun(config, runs.at('run'), runs.own, noSignal);
  const dataset = phantomDataset({ seed: 5, scans: 2, size: 64, raters: 2 });
  for (const { id } of dataset.scans) {
    const { image, labels } = await dataset.read(id);
    const size = { width: 64, height: 64 };
    await writePng(runs.at(`${id}.png`), greyPicture({ ...size, data: image }));
    for (const [rater, ids] of Object.entries(labels)) {
      const data = ids.map((value) => (value === 1 ? 1 : 0));
      await writePng(runs.at(`${id}_${rater}.png`), maskPicture({ ...size, data }));
    }
  }
});
afterAll(() => runs.end());

const taskOf = () =>
  readSegmentTask({
    support: runs.at('phantom0000.png'),
    mask: ['generous', 'tight'].map((rater) => `${rater}=${runs.at(`phantom0000_${rater}.png`)}`),
    query: [runs.at('phantom0001.png')],
  });

describe('segmentCommand', () => {
  it.each(['base', 'japc'] as const)('answers once a rater with the %s weights', async (arm) => {
    const task = await taskOf();
    const out = runs.at(`out ${arm}`);
    const before = tf.memory().numTensors;
    const weights = runFolder(runs.at('run')).weights(arm);
    const written = await segmentCommand({ task, weights, out, versions: runs.own });
    expect(tf.memory().numTensors).toBe(before);
    const names = ['areas.json', 'phantom0001_disagreement.png', 'phantom0001_generous.png', 'phantom0001_tight.png'];
    expect((await readdir(out)).sort()).toEqual([...names, 'report.html', 'segmented.jsonl']);
    expect(written).toHaveLength(5);
    const areas = JSON.parse(await readFile(`${out}/areas.json`, 'utf8')).phantom0001;
    for (const rater of ['generous', 'tight']) {
      const mask = await readMaskPng(`${out}/phantom0001_${rater}.png`);
      expect([mask.width, mask.height]).toEqual([64, 64]);
      expect(mask.data.reduce((sum, value) => sum + value, 0)).toBe(areas[rater]);
    }
    expect(areas.generous).toBeGreaterThan(0);
    expect(await readFile(`${out}/report.html`, 'utf8')).toContain('phantom0001');
  });

  it('shows the network what it was trained on, and answers on the pixels of the query', async () => {
    const out = runs.at('resized run');
    const config = tinyConfig({ resize: 96, training: { steps: 2, superpixelArea: 40 } });
    await trainRun(config, out, runs.own, noSignal);
    const [weights, task] = [runFolder(out).weights('japc'), await taskOf()];
    const masks = async (name: string, size?: number) => {
      await segmentCommand({ task, weights, out: runs.at(name), versions: runs.own, size });
      return Promise.all(
        ['generous', 'tight'].map((rater) => readMaskPng(join(runs.at(name), `phantom0001_${rater}.png`))),
      );
    };
    const own = await masks('as trained');
    expect(own.map(({ width, height }) => [width, height])).toEqual([
      [64, 64],
      [64, 64],
    ]);
    expect(await masks('said', 96)).toEqual(own);
    expect(await masks('smaller', 64)).not.toEqual(own);
    // What evaluation does: both scans resized, the answer compared there.
    const dataset = resizedDataset(phantomDataset({ seed: 5, scans: 2, size: 64, raters: 2 }), 96);
    const { model, parameters, calibrated } = await readModelFile(weights);
    const encoder = compileEncoder(model.backbone as Encoder, withPrefix(parameters, encoderPrefix));
    const features = createFeatureStore(encoder.encode);
    const arm = { name: 'arm', model, parameters, mode: calibrated ? 'joint' : 'per-rater' } as const;
    const scan = await dataset.read('phantom0000');
    const raters = ['generous', 'tight'];
    const lesson = { scan, slices: [0, 0, 0], classId: 1, className: 'liver', raters, seed: 0 };
    const learned = await fewShotSegmenter(arm, features).learn(lesson);
    const wanted = learned.segment(await dataset.read('phantom0001'), 0, 0);
    const values = wanted.dataSync();
    for (const [index, mask] of own.entries()) {
      const large = Uint8Array.from(values.subarray(index * 96 * 96, (index + 1) * 96 * 96));
      const sample = { height: 96, width: 96, image: new Float32Array(96 * 96), masks: [large] };
      const back = resizeSlice(sample, 64, 64).masks[0]!;
      // Grey values of a PNG are rounded to 256 steps, which may turn a pixel.
      const different = back.filter((value, i) => value !== mask.data[i]).length;
      expect(different).toBeLessThan(0.02 * mask.data.reduce((sum, value) => sum + value, 1));
    }
    learned.dispose();
    features.dispose();
    encoder.dispose();
    tf.dispose([wanted, Object.values(parameters)]);
  });

  it('writes over no input, computing nothing', async () => {
    const task = await taskOf();
    const weights = runFolder(runs.at('run')).weights('japc');
    const file = runs.at('phantom0001_tight.png');
    const drawn = await readFile(file);
    const run = segmentCommand({ task, weights, out: runs.at('.'), versions: runs.own });
    await expect(run).rejects.toMatchObject({ code: 'input', file: expect.stringMatching(/phantom0001_\w+\.png$/) });
    expect(await readFile(file)).toEqual(drawn);
  });

  it('writes the same twice', async () => {
    const task = await taskOf();
    const weights = runFolder(runs.at('run')).weights('japc');
    for (const out of ['one', 'two'])
      await segmentCommand({ task, weights, out: runs.at(out), versions: runs.own, seed: 3 });
    for (const file of await readdir(runs.at('one'))) {
      expect(await readFile(`${runs.at('one')}/${file}`)).toEqual(await readFile(`${runs.at('two')}/${file}`));
    }
  });

  it('writes nothing for weights that are none, or a checkpoint', async () => {
    const task = await taskOf();
    const before = tf.memory().numTensors;
    const folder = runFolder(runs.at('run'));
    for (const weights of [runs.at('phantom0000.png'), folder.checkpoint('japc'), runs.at('missing.safetensors')]) {
      const run = segmentCommand({ task, weights, out: runs.at('nothing'), versions: runs.own });
      await expect(run).rejects.toMatchObject({ code: 'weights', file: weights, remedy: expect.any(String) });
    }
    const picture = segmentCommand({
      task,
      weights: runs.at('phantom0000.png'),
      out: runs.at('nothing'),
      versions: runs.own,
    });
    await expect(picture).rejects.toThrow('is no file of a trained model. Give weights/*.safetensors of an fsmr run');
    expect(await exists(runs.at('nothing'))).toBe(false);
    expect(tf.memory().numTensors).toBe(before);
  });
});
