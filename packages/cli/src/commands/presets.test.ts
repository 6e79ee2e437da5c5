import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngine } from '@fsmr/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDataset, splitScans } from '../config/dataset.js';
import { checkConfig } from '../config/load.js';
import type { PresetInput } from '../config/presets.js';
import { runFolder } from '../run/folder.js';
import { readModelFile } from '../run/model-file.js';
import { type Versions, versions } from '../run/versions.js';
import { evaluateRun } from './evaluate.js';
import { prepareCurvasCommand, prepareQubiqCommand } from './prepare.js';
import { writeCurvasCase, writeQubiqCase } from './raw-layouts.fixture.js';
import { noSignal } from './tiny-run.fixture.js';
import { trainRun } from './train.js';

let folder: string;
let own: Versions;
const at = (...names: string[]) => join(folder, ...names);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsmr-presets-'));
  await startEngine({ threads: 1 });
  own = await versions(1);
  for (const [part, shifts] of [
    ['train', [0, 2]],
    ['test', [1, 3]],
  ] as const) {
    for (const shift of shifts) await writeCurvasCase(at('raw', part), `case${shift}`, shift);
    await prepareCurvasCommand(at('raw', part), { out: at('curvas', part), superpixels: part === 'train' });
  }
  for (const [split, shifts] of [
    ['Training', [-2, 2]],
    ['Validation', [-1, 1]],
  ] as const) {
    for (const shift of shifts)
      await writeQubiqCase(at('raw', split, 'brain-growth', split), `case${shift + 5}`, shift);
  }
  await prepareQubiqCommand(at('raw', 'Training'), {
    out: at('qubiq'),
    validation: at('raw', 'Validation'),
    superpixels: true,
  });
}, 300_000);
afterAll(() => rm(folder, { recursive: true }));

/** The preset as published, but for a backbone and a budget that fit a test. */
const shortened = (preset: PresetInput) =>
  checkConfig({
    preset,
    model: { backbone: 'tiny', channels: 8 },
    training: { steps: 2, checkpointEvery: 1 },
    evaluation: { panels: 0 },
  });

describe('the preset of', { timeout: 300_000 }, () => {
  it.each([
    ['CURVAS, Setting 1, label set 0', { name: 'curvas' }, 'curvas', 3, ['KIDNEY']],
    ['CURVAS, Setting 2, label set 1', { name: 'curvas', setting: 2, labelSet: 1 }, 'curvas', 3, ['PANCREAS', 'LIVER']],
    ['QUBIQ brain growth', { name: 'qubiq-brain-growth' }, 'qubiq', 7, ['BRAIN_GROWTH_1']],
  ] as const)(
    '%s trains and evaluates on what was prepared from its raw layout',
    async (_what, preset, root, raters, tested) => {
      const config = shortened({ ...preset, root: at(root) });
      const { training, evaluation } = splitScans(await buildDataset(config), config);
      expect(training.map(({ id }) => id)).toEqual(['train-0', 'train-1']);
      expect(evaluation.map(({ id }) => id)).toEqual(['test-0', 'test-1']);
      const out = at('runs', tested.join());
      await trainRun(config, out, own, noSignal);
      const { arms, comparisons } = await evaluateRun(config, out, own, noSignal);
      expect(arms.map(({ arm }) => arm)).toEqual(['base', 'japc']);
      for (const { supports } of arms) {
        expect([...new Set(supports.map((support) => support.class))].sort()).toEqual([...tested].sort());
        expect([...new Set(supports.map(({ support }) => support))]).toEqual(['test-0', 'test-1']);
        for (const { byRater } of supports) expect(Object.keys(byRater)).toHaveLength(raters);
      }
      expect(comparisons).toHaveLength(1);
      // CT is normalised with the statistics of the training part, which the model takes along; MR scan by scan.
      const { statistics } = await readModelFile(runFolder(out).weights('japc'));
      expect(statistics === undefined).toBe(root === 'qubiq');
    },
  );
});
