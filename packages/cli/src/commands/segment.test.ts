import { readdir, readFile } from 'node:fs/promises';
import { phantomDataset } from '@fsmr/datasets';
import { greyPicture, maskPicture, readMaskPng, writePng } from '@fsmr/imaging';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exists } from '../run/files.js';
import { runFolder } from '../run/folder.js';
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
    expect((await readdir(out)).sort()).toEqual([...names, 'report.html']);
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
    expect(await exists(runs.at('nothing'))).toBe(false);
    expect(tf.memory().numTensors).toBe(before);
  });
});
