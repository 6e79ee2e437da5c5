import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSafetensors, parseSafetensors } from '@fsmr/backbones';
import { initModel } from '@fsmr/core';
import { disposeState } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildModel } from '../config/model.js';
import { checkPlace, isTrainedText } from '../run/adopt.js';
import { trainingModel } from '../run/arms.js';
import { exists, readJsonLines } from '../run/files.js';
import { runFolder } from '../run/folder.js';
import { readModelFile } from '../run/model-file.js';
import { startingState } from '../run/starting-state.js';
import { noSignal, startTinyRuns, stopAfter, tinyConfig } from './tiny-run.fixture.js';
import { trainRun } from './train.js';

let runs: Awaited<ReturnType<typeof startTinyRuns>>;
beforeAll(async () => {
  runs = await startTinyRuns();
  await trainRun(tinyConfig(), runs.at('whole'), runs.own, noSignal);
});
afterAll(() => runs.end());

const weightsOf = (name: string) =>
  Promise.all((['base', 'japc'] as const).map((arm) => readFile(runFolder(runs.at(name)).weights(arm))));

describe('trainRun', () => {
  it('fills the run folder and leaks nothing', async () => {
    const before = tf.memory().numTensors;
    await trainRun(tinyConfig(), runs.at('again'), runs.own, noSignal);
    expect(tf.memory().numTensors).toBe(before);
    const folder = runFolder(runs.at('again'));
    for (const file of [folder.config, folder.versions, folder.checkpoint('first-half'), folder.weights('japc')]) {
      expect(await exists(file)).toBe(true);
    }
    expect(await weightsOf('again')).toEqual(await weightsOf('whole'));
    const [base, japc] = await weightsOf('whole');
    expect(base!.equals(japc!)).toBe(false);
  });

  it('ends with the same weights, byte for byte, however often it was interrupted', async () => {
    const out = runs.at('resumed');
    // Stops at a different step of each half and arm, resumes, and stops again.
    for (const times of [1, 2, 1, 1]) {
      const stopped = trainRun(tinyConfig(), out, runs.own, stopAfter(times));
      await expect(stopped).rejects.toMatchObject({ code: 'interrupted', remedy: expect.stringContaining('again') });
    }
    await trainRun(tinyConfig(), out, runs.own, noSignal);
    expect(await weightsOf('resumed')).toEqual(await weightsOf('whole'));
    const log = await readJsonLines<{ step: number }>(runFolder(out).log('japc'));
    expect(log.map(({ step }) => step)).toEqual([3, 4]);
  });

  it('goes on after a kill: steps beyond the checkpoint are done again, and leave the log', async () => {
    const out = runs.at('killed');
    await expect(trainRun(tinyConfig(), out, runs.own, stopAfter(1))).rejects.toThrow('stopped after step 1');
    const log = runFolder(out).log('first-half');
    await writeFile(log, `${await readFile(log, 'utf8')}{"step":2,"total":9}\n{"step":3,"to`);
    await trainRun(tinyConfig(), out, runs.own, noSignal);
    expect((await readJsonLines<{ step: number }>(log)).map(({ step }) => step)).toEqual([1, 2]);
    expect(await weightsOf('killed')).toEqual(await weightsOf('whole'));
  });

  it('trains an arm to the same weights whether the other is asked for or not', async () => {
    for (const [name, training] of [
      ['shared', { decay: { factor: 0.5, every: 1 } }],
      ['apart', { steps: 6, decay: { factor: 0.5, every: 2 } }],
    ] as const) {
      const asked = (...arms: ('base' | 'japc')[]) =>
        tinyConfig({ training: { ...tinyConfig().training, ...training }, evaluation: { arms } });
      await trainRun(asked('base', 'japc'), runs.at(name), runs.own, noSignal);
      const both = runFolder(runs.at(name));
      expect(await exists(both.checkpoint('first-half'))).toBe(name === 'shared');
      for (const arm of ['base', 'japc'] as const) {
        const alone = runFolder(runs.at(`${name} ${arm}`));
        await trainRun(asked(arm), alone.root, runs.own, noSignal);
        expect((await readFile(alone.weights(arm))).equals(await readFile(both.weights(arm))), arm).toBe(true);
      }
    }
  });

  it('goes on from a checkpoint of an earlier version, and names one that is damaged', async () => {
    const out = runs.at('earlier');
    await expect(trainRun(tinyConfig(), out, runs.own, stopAfter(1))).rejects.toThrow('stopped after step 1');
    const file = runFolder(out).checkpoint('first-half');
    const { weights, metadata } = parseSafetensors(await readFile(file));
    // Keys in another order, and one that has a default since then is not there.
    const { training, ...rest } = JSON.parse(metadata.get('identity')!);
    const { augmentation: _default, ...older } = training;
    const identity = JSON.stringify({ training: older, ...rest });
    expect(isTrainedText(identity, tinyConfig())).toBe(true);
    expect(isTrainedText(JSON.stringify({ training, ...rest, seed: 99 }), tinyConfig())).toBe(false);
    await writeFile(file, encodeSafetensors(weights, { ...Object.fromEntries(metadata), identity }));
    await trainRun(tinyConfig(), out, runs.own, noSignal);
    expect(await weightsOf('earlier')).toEqual(await weightsOf('whole'));
    await rm(runFolder(out).weights('base'));
    await writeFile(runFolder(out).checkpoint('base'), 'damaged');
    await expect(trainRun(tinyConfig(), out, runs.own, noSignal)).rejects.toMatchObject({
      code: 'weights',
      file: runFolder(out).checkpoint('base'),
      remedy: 'Delete it to train this part again from its beginning.',
    });
  });

  it('says when a training goes on with other rounding, and keeps what made a finished one', async () => {
    const out = runs.at('threads');
    await expect(trainRun(tinyConfig(), out, runs.own, stopAfter(1))).rejects.toThrow('stopped after step 1');
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const more = { ...runs.own, threads: runs.own.threads + 1 };
    await trainRun(tinyConfig(), out, more, noSignal);
    const words = said.mock.calls.map(([text]) => String(text)).join('');
    said.mockRestore();
    expect(words).toContain(`This training began with threads ${runs.own.threads}, now ${more.threads}.`);
    await trainRun(tinyConfig(), out, { ...more, backend: 'another' }, noSignal);
    expect(JSON.parse(await readFile(runFolder(out).versions, 'utf8'))).toEqual(more);
  });

  it('does nothing where all is done', async () => {
    await trainRun(tinyConfig(), runs.at('whole'), runs.own, stopAfter(0));
  });

  it('writes nothing into its data', () => {
    const data = runs.at('data');
    for (const out of [data, join(data, 'runs', 'one')]) {
      const config = tinyConfig({ data: { kind: 'folder', folder: data } });
      expect(() => checkPlace(runFolder(out), config)).toThrow(`lies in the data, ${data}.`);
    }
    checkPlace(runFolder(runs.at('data of runs')), tinyConfig({ data: { kind: 'folder', folder: data } }));
    checkPlace(runFolder(runs.at('data')), tinyConfig());
  });

  it('takes the folder of a run that failed before it kept anything, whatever its configuration was', async () => {
    const out = runs.at('failed');
    const { training } = tinyConfig();
    const faulty = tinyConfig({ training: { ...training, superpixelArea: 1e6 } });
    await expect(trainRun(faulty, out, runs.own, noSignal)).rejects.toThrow();
    expect(await exists(runFolder(out).config)).toBe(true);
    await trainRun(tinyConfig(), out, runs.own, noSignal);
    expect(await weightsOf('failed')).toEqual(await weightsOf('whole'));
  });

  it('refuses the folder of another run, and takes another evaluation', async () => {
    const out = runs.at('whole');
    const other = trainRun(tinyConfig({ seed: 8 }), out, runs.own, noSignal);
    await expect(other).rejects.toMatchObject({ code: 'config', file: out });
    await expect(other).rejects.toThrow('holds a run of another configuration: seed is 7 there, now 8.');
    const { model, training } = tinyConfig();
    const changed = tinyConfig({
      seed: 8,
      model: { ...model, channels: 16 },
      training: { ...training, steps: 6, styles: 'mild' },
    });
    await expect(trainRun(changed, out, runs.own, noSignal)).rejects.toThrow(
      'model.channels is 8 there, now 16; seed is 7 there, now 8; training.steps is 4 there, now 6; and 1 more.',
    );
    await trainRun(tinyConfig({ evaluation: { panels: 2 }, engine: { threads: 1 } }), out, runs.own, noSignal);
    const folder = runFolder(runs.at('spoiled'));
    await trainRun(
      tinyConfig({ evaluation: { arms: ['base'] }, training: { steps: 2 } }),
      folder.root,
      runs.own,
      noSignal,
    );
    expect(await exists(folder.weights('japc'))).toBe(false);
    await writeFile(folder.config, '{');
    const damaged = trainRun(tinyConfig(), folder.root, runs.own, noSignal);
    await expect(damaged).rejects.toMatchObject({ code: 'config', file: folder.config });
  });

  it.each([
    ['data that is missing', { data: { kind: 'folder', folder: 'nowhere' } } as const, 'nowhere'],
    ['weights that are missing', { model: { weights: 'nowhere.pth' } }, 'nowhere.pth'],
    ['a backbone without threshold', { model: { method: 'qnet', backbone: 'resnet18' } } as const, 'threshold'],
    ['a split without evaluation', { split: { fold: 9 } }, 'split.fold'],
    [
      'a bound on its own masks',
      { split: { evaluation: 1 }, evaluation: { arms: ['base' as const, 'supervised' as const] } },
      'learn the masks it is scored on',
    ],
    ['a class to test that is not there', { evaluation: { classes: ['spleen'] } }, 'no class "spleen"'],
    ['a support that is not there', { evaluation: { supports: ['nobody'] } }, 'no scan "nobody"'],
  ])('writes nothing for %s', async (_what, changes, fault) => {
    const out = runs.at('nothing');
    await expect(trainRun(tinyConfig(changes), out, runs.own, noSignal)).rejects.toThrow(fault);
    expect(await exists(out)).toBe(false);
  });

  it('starts from what another run learned, and refuses weights of another network', async () => {
    const weights = runFolder(runs.at('whole')).weights('base');
    const model = { ...tinyConfig().model, weights };
    const config = tinyConfig({ model, seed: 99 });
    const state = await startingState(config, trainingModel(config));
    const learned = await readModelFile(weights);
    const name = 'encoder.localconv.weight';
    expect(state.parameters[name]!.dataSync()).toEqual(learned.parameters[name]!.dataSync());
    tf.dispose([Object.values(learned.parameters)]);
    disposeState(state);
    // The same name is not the same file.
    const [here, there] = [runs.at('here.safetensors'), runs.at('there')];
    await copyFile(weights, here);
    const began = (path: string) => tinyConfig({ model: { ...model, weights: path }, evaluation: { arms: ['base'] } });
    await expect(trainRun(began(here), there, runs.own, stopAfter(1))).rejects.toThrow('stopped after step 1');
    await copyFile(runFolder(runs.at('whole')).weights('japc'), here);
    await expect(trainRun(began(here), there, runs.own, noSignal)).rejects.toMatchObject({
      file: there,
      message: expect.stringContaining(`this run began with other weights than ${here} holds.`),
    });
    const before = tf.memory().numTensors;
    for (const change of [{ backbone: 'resnet18' }, { channels: 16 }] as const) {
      const other = trainRun(tinyConfig({ model: { ...model, ...change } }), runs.at('other'), runs.own, noSignal);
      await expect(other).rejects.toMatchObject({ code: 'weights', file: weights });
    }
    expect(await exists(runs.at('other'))).toBe(false);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a model file', () => {
  it('says itself what it is, and gives back what was trained', async () => {
    const before = tf.memory().numTensors;
    for (const arm of ['base', 'japc'] as const) {
      const file = await readModelFile(runFolder(runs.at('whole')).weights(arm));
      const model = buildModel(tinyConfig().model, arm === 'japc');
      const fresh = initModel(model, 7);
      expect(file.calibrated).toBe(arm === 'japc');
      expect(file.model.method.name).toBe(model.method.name);
      expect(file.statistics).toBeUndefined();
      expect(Object.keys(file.parameters).sort()).toEqual(Object.keys(fresh).sort());
      tf.dispose([Object.values(fresh), Object.values(file.parameters)]);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('names the file where it is missing, damaged or something else', async () => {
    const before = tf.memory().numTensors;
    const good = await readFile(runFolder(runs.at('whole')).weights('base'));
    const checkpoint = runFolder(runs.at('whole')).checkpoint('base');
    const wider = Buffer.from(good.toString('latin1').replace('\\"channels\\":8', '\\"channels\\":9'), 'latin1');
    expect(wider.equals(good)).toBe(false);
    const file = runs.at('model.safetensors');
    for (const [bytes, fault] of [
      [good.subarray(0, 500), 'damaged'],
      [Buffer.from('no weights'), 'no file of a trained model'],
      [await readFile(checkpoint), 'which model it belongs to'],
      [wider, 'do not fit the model'],
    ] as const) {
      await writeFile(file, bytes);
      await expect(readModelFile(file)).rejects.toMatchObject({ code: 'weights', file, remedy: expect.any(String) });
      await expect(readModelFile(file)).rejects.toThrow(fault);
    }
    await rm(file);
    await expect(readModelFile(file)).rejects.toMatchObject({ code: 'weights', file });
    expect(tf.memory().numTensors).toBe(before);
  });
});
