import { access, readFile, rm, stat } from 'node:fs/promises';
import { parseSafetensors } from '@fsmr/backbones';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFolder } from '../run/folder.js';
import { evaluateRun, evaluateShard } from './evaluate.js';
import { noSignal, startTinyRuns, tinyConfig } from './tiny-run.fixture.js';
import { trainRun } from './train.js';

let runs: Awaited<ReturnType<typeof startTinyRuns>>;
beforeAll(async () => {
  runs = await startTinyRuns();
});
afterAll(() => runs.end());

const arms = ['japc', 'nearest-style', 'mrnet', 'dpersona', 'supervised'] as const;
const evaluation = {
  arms: [...arms],
  classes: ['liver'],
  panels: 1,
  baselines: {
    epochs: 1,
    supports: 1,
    augmentation: 'none' as const,
    mrnet: { width: 8, reconstructionWidth: 4, refinementWidth: 4 },
    dpersona: { bank: 4 },
    supervised: { epochs: 3 },
  },
};

describe('baselines', { timeout: 300_000 }, () => {
  it('stand in the same table, learn from as few supports as wanted, and leak nothing', async () => {
    const out = runs.at('baselines');
    const config = tinyConfig({ evaluation });
    await trainRun(config, out, runs.own, noSignal);
    const before = tf.memory().numTensors;
    const found = await evaluateRun(config, out, runs.own, noSignal);
    // What the supervised arm learned is freed once its promise is looked at.
    await new Promise((resolve) => setImmediate(resolve));
    expect(tf.memory().numTensors).toBe(before);
    expect(found.arms.map(({ arm, supports }) => [arm, supports.length])).toEqual([
      ['japc', 3],
      ['nearest-style', 3],
      ['mrnet', 1],
      ['dpersona', 1],
      ['supervised', 3],
    ]);
    // One support is no sample to compare.
    expect(found.comparisons.map(({ second }) => second)).toEqual(['nearest-style', 'supervised']);
    const records = await readFile(runFolder(out).records, 'utf8');
    expect(records.match(/"arm":"mrnet"/g)).toHaveLength(2);
    // What is random starts from the run's seed, so another visit finds the same; nothing is left to learn in this one.
    expect(await evaluateRun(config, out, runs.own, AbortSignal.abort())).toEqual(found);
  });

  it('learn from the same supports, whatever share of them a machine has', async () => {
    const out = runs.at('shares');
    const own = { ...evaluation, arms: ['dpersona' as const] };
    const config = tinyConfig({ evaluation: own });
    await trainRun(tinyConfig({ evaluation: { ...own, arms: ['base'] } }), out, runs.own, noSignal);
    for (const index of [1, 2, 3]) {
      await evaluateShard(config, out, runs.own, noSignal, { shard: { index, count: 3 } });
    }
    const [arm] = (await evaluateRun(config, out, runs.own, AbortSignal.abort())).arms;
    expect(arm!.supports.map(({ support }) => support)).toEqual(['phantom0002']);
  });

  it('refuses records of networks that learned otherwise', async () => {
    const out = runs.at('baselines');
    const other = tinyConfig({ evaluation: { ...evaluation, baselines: { ...evaluation.baselines, epochs: 2 } } });
    const refused = evaluateRun(other, out, runs.own, noSignal);
    await expect(refused).rejects.toMatchObject({ code: 'config', file: runFolder(out).records });
    await expect(refused).rejects.toThrow('other settings of mrnet');
    const few = tinyConfig({ evaluation: { ...evaluation, arms: ['japc'], baselines: { epochs: 2 } } });
    expect((await evaluateRun(few, out, runs.own, noSignal)).arms).toHaveLength(1);
  });

  it('keep what they learned, for other visits and other programs', async () => {
    const out = runs.at('baselines');
    const config = tinyConfig({ evaluation });
    const { weights: weightsFile, checkpoint, evaluation: records } = runFolder(out);
    const support = (await evaluateRun(config, out, runs.own, noSignal)).arms.find(({ arm }) => arm === 'mrnet');
    const names = [
      'supervised-liver',
      ...['mrnet', 'dpersona'].map((arm) => `${arm}-liver-${support!.supports[0]!.support}`),
    ];
    const inodes = () => Promise.all(names.map(async (name) => (await stat(weightsFile(name))).ino));
    const kernels = ['encoder', 'coarse.encoder', 'encoder'].map((prefix) => `${prefix}.localconv.weight`);
    const epochs = ['3', '1', '2'];
    for (const [index, name] of names.entries()) {
      const { weights, metadata } = parseSafetensors(await readFile(weightsFile(name)));
      expect(metadata.get('epoch')).toBe(epochs[index]);
      expect([...weights.keys()]).toContain(kernels[index]);
      await expect(access(checkpoint(name))).rejects.toThrow('ENOENT');
    }
    const written = await inodes();
    await rm(records, { recursive: true });
    const own = { ...evaluation, arms: ['mrnet' as const, 'dpersona' as const, 'supervised' as const] };
    await evaluateRun(tinyConfig({ evaluation: own }), out, runs.own, noSignal);
    expect(await inodes()).toEqual(written);
    // Other settings would learn something else; what was learned is not thrown away silently.
    await rm(records, { recursive: true });
    const other = tinyConfig({ evaluation: { ...own, baselines: { ...own.baselines, supervised: { epochs: 2 } } } });
    const refused = { code: 'weights', file: weightsFile('supervised-liver'), remedy: 'Delete it to learn again.' };
    await expect(evaluateRun(other, out, runs.own, noSignal)).rejects.toMatchObject(refused);
  });
});
