import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunConfig } from '../config/schema.js';
import { exists } from '../run/files.js';
import { runFolder } from '../run/folder.js';
import { provenanceFile } from '../run/provenance.js';
import { evaluateRun, evaluateShard, tabulateRun } from './evaluate.js';
import { checkMergeable, mergeRecords, withTarget } from './merge.js';
import { noSignal, startTinyRuns, tinyConfig } from './tiny-run.fixture.js';
import { trainRun } from './train.js';

let runs: Awaited<ReturnType<typeof startTinyRuns>>;
const config = tinyConfig({ evaluation: { arms: ['base', 'japc'], classes: ['liver'], panels: 1 } });

/** Shard k of three in a copy of the run of its own, as on three machines. */
const machines = ['one', 'two', 'three'];
beforeAll(async () => {
  runs = await startTinyRuns();
  await trainRun(config, runs.at('trained'), runs.own, noSignal);
  for (const [index, name] of machines.entries()) {
    await evaluateShardIn(name, config, index + 1, 3);
  }
});
afterAll(() => runs.end());

async function evaluateShardIn(name: string, asked: RunConfig, index: number, count: number): Promise<string> {
  await cp(runs.at('trained'), runs.at(name), { recursive: true });
  return evaluateShard(asked, runs.at(name), runs.own, noSignal, { shard: { index, count } });
}

const folders = () => machines.map((name) => runs.at(name));

async function mergeInto(out: string, from: readonly string[]) {
  const merged = await checkMergeable(await withTarget(from, out));
  await mergeRecords(merged, out);
  return { merged, tables: await tabulateRun(merged.config, out, runs.own) };
}

/** A copy of a machine's folder with one file changed. */
async function changed(
  name: string,
  file: (folder: string) => string,
  change: (text: string) => string,
): Promise<string> {
  await cp(runs.at('two'), runs.at(name), { recursive: true });
  const path = file(runs.at(name));
  await writeFile(path, change(await readFile(path, 'utf8')));
  return runs.at(name);
}

const shardFile = (folder: string) => runFolder(folder).shardRecords(2, 3);

describe('merging shards', () => {
  it('gives the tables of one machine, whatever the order of the folders', async () => {
    const out = runs.at('merged');
    const { merged, tables } = await mergeInto(out, [...folders()].reverse());
    expect(merged.missingShards).toEqual([]);
    const whole = runs.at('whole');
    await cp(runs.at('trained'), whole, { recursive: true });
    expect(tables).toEqual(await evaluateRun(config, whole, runs.own, noSignal));
    for (const file of ['records', 'metrics', 'metricsCsv', 'report'] as const) {
      expect(await readFile(runFolder(out)[file], 'utf8'), file).toBe(await readFile(runFolder(whole)[file], 'utf8'));
    }
    // It is a run folder like any other: nothing is left to compute.
    const stopped = AbortSignal.abort();
    expect(await evaluateRun(config, out, runs.own, stopped)).toEqual(tables);
  });

  it('takes shards of an arm that was added to a run evaluated before', async () => {
    const few = tinyConfig({ evaluation: { arms: ['base'], classes: ['liver'], panels: 0 } });
    const names = ['added one', 'added two'];
    for (const [index, name] of names.entries()) {
      await cp(runs.at('trained'), runs.at(name), { recursive: true });
      await evaluateRun(few, runs.at(name), runs.own, noSignal);
      const shard = { index: index + 1, count: 2 };
      await evaluateShard(config, runs.at(name), runs.own, noSignal, { shard });
    }
    const from = names.map((name) => runs.at(name));
    const { merged, tables } = await mergeInto(runs.at('added'), from);
    expect(merged.config.evaluation.arms).toEqual(['base', 'japc']);
    expect(tables.arms.map(({ arm }) => arm)).toEqual(['base', 'japc']);
  });

  it('keeps what made the records of every folder', async () => {
    const only = (arm: 'base' | 'japc') => tinyConfig({ evaluation: { arms: [arm], classes: ['liver'], panels: 0 } });
    const names = ['base alone', 'japc in shares'];
    for (const name of names) await cp(runs.at('trained'), runs.at(name), { recursive: true });
    const [first, second] = names.map((name) => runs.at(name)) as [string, string];
    await evaluateRun(only('base'), first, runs.own, noSignal);
    for (const index of [1, 2]) {
      await evaluateShard(only('japc'), second, runs.own, noSignal, { shard: { index, count: 2 } });
    }
    const out = runs.at('both arms');
    const merged = await checkMergeable([first, second]);
    await mergeRecords(merged, out);
    const { weights, data } = JSON.parse(await readFile(provenanceFile(runFolder(out).records), 'utf8'));
    expect(Object.keys(weights).sort()).toEqual(['base', 'japc']);
    expect(Object.keys(data)).toHaveLength(3);
    await writeFile(runFolder(out).weights('base'), 'trained again');
    await expect(evaluateRun(config, out, runs.own, noSignal)).rejects.toThrow('made with other weights of base');
  });

  it('wants to know what trained the weights, before it writes anything', async () => {
    const from = runs.at('without versions');
    await cp(runs.at('one'), from, { recursive: true });
    await rm(runFolder(from).versions);
    const out = runs.at('nothing merged');
    const merging = mergeRecords(await checkMergeable([from, runs.at('two')]), out);
    await expect(merging).rejects.toMatchObject({ code: 'config', file: runFolder(from).versions });
    expect(await exists(out)).toBe(false);
  });

  it('takes shares that hold nothing where there are more shares than supports', async () => {
    const names = [1, 2, 3, 4].map((index) => `share ${index}`);
    for (const [index, name] of names.entries()) await evaluateShardIn(name, config, index + 1, names.length);
    const out = runs.at('merged with an empty share');
    const { merged, tables } = await mergeInto(
      out,
      names.map((name) => runs.at(name)),
    );
    expect(merged.missingShards).toEqual([]);
    const sizes = await Promise.all(
      names.map(async (name, index) => (await readFile(runFolder(runs.at(name)).shardRecords(index + 1, 4))).length),
    );
    expect(sizes.filter((size) => size === 0)).toHaveLength(1);
    expect(tables.arms.map(({ supports }) => supports.length)).toEqual([3, 3]);
  });

  it('says what is missing, and goes on once that is there', async () => {
    const out = runs.at('in parts');
    const parts = await checkMergeable(folders().slice(0, 2));
    expect(parts.missingShards).toEqual(['3/3']);
    await mergeRecords(parts, out);
    await expect(tabulateRun(parts.config, out, runs.own)).rejects.toMatchObject({ code: 'input', file: out });
    await expect(tabulateRun(parts.config, out, runs.own)).rejects.toThrow(
      /4 of 12 episodes are not .* arm base: liver by phantom/,
    );
    expect((await mergeInto(out, [runs.at('three')])).tables.arms).toHaveLength(2);
  });

  it('refuses what does not belong together, and names the file', async () => {
    const one = runs.at('one');
    const refused = async (folder: string, file: string, text: string, code = 'config') => {
      const merging = checkMergeable([one, folder]);
      await expect(merging).rejects.toMatchObject({ code, file, remedy: expect.stringMatching(/.+/) });
      await expect(merging).rejects.toThrow(text);
    };
    const weights = await changed(
      'weights',
      (folder) => provenanceFile(shardFile(folder)),
      (text) => text.replace(/"japc": "..../, '"japc": "0000'),
    );
    await refused(weights, shardFile(weights), 'other weights of japc');
    const version = await changed(
      'version',
      (folder) => provenanceFile(shardFile(folder)),
      (text) => text.replace(/"tfjs": "/, '"tfjs": "9'),
    );
    await refused(version, shardFile(version), 'was made with tfjs 9');
    const trained = await changed(
      'seed',
      (folder) => runFolder(folder).config,
      (text) => text.replace('"seed": 7', '"seed": 8'),
    );
    await refused(trained, runFolder(trained).config, 'another training run');
    const unknown = await changed('unknown', shardFile, (text) => text);
    await rm(provenanceFile(shardFile(unknown)));
    await refused(unknown, shardFile(unknown), 'does not say what made it');
    await refused(runs.at('trained'), runs.at('trained'), 'holds no evaluated episode', 'input');
    const asked = { ...config, evaluation: { ...config.evaluation, arms: ['base' as const] } };
    const other = await evaluateShardIn('asked', asked, 2, 3);
    await refused(runs.at('asked'), provenanceFile(other), 'was asked for other arms');
    const replaced = await changed(
      'replaced',
      (folder) => runFolder(folder).weights('base'),
      () => 'other',
    );
    const merging = checkMergeable([replaced, one]);
    await expect(merging).rejects.toMatchObject({ code: 'config', file: runFolder(replaced).weights('base') });
  });

  it('leaves a target alone that holds another run, evaluated or not', async () => {
    const parts = folders().slice(0, 2);
    const target = async (name: string, spoil: (folder: ReturnType<typeof runFolder>) => Promise<unknown>) => {
      const folder = runFolder(runs.at(name));
      await cp(runs.at('trained'), folder.root, { recursive: true });
      await spoil(folder);
      return folder;
    };
    const reseed = async ({ config: file }: ReturnType<typeof runFolder>) =>
      writeFile(file, (await readFile(file, 'utf8')).replace('"seed": 7', '"seed": 8'));
    const merge = async (out: string) => mergeRecords(await checkMergeable(await withTarget(parts, out)), out);
    const trained = await target('target of another seed', reseed);
    await expect(merge(trained.root)).rejects.toMatchObject({ code: 'config', file: trained.config });
    const weights = await target('target with other weights', ({ weights: of }) => writeFile(of('japc'), 'other'));
    await expect(merge(weights.root)).rejects.toMatchObject({ code: 'config', file: weights.weights('japc') });
    expect(await readFile(weights.weights('japc'), 'utf8')).toBe('other');
    const evaluated = await target('target with a share', async (folder) => {
      await cp(runFolder(runs.at('three')).evaluation, folder.evaluation, { recursive: true });
      await reseed(folder);
    });
    await expect(merge(evaluated.root)).rejects.toMatchObject({ code: 'config', file: evaluated.config });
    expect(await exists(evaluated.records)).toBe(false);
    const same = await target('target of the same run', async () => {});
    await merge(same.root);
    expect(await exists(same.records)).toBe(true);
  });

  it('refuses to go on with records of other weights', async () => {
    const out = runs.at('claimed');
    await cp(runs.at('one'), out, { recursive: true });
    await writeFile(runFolder(out).weights('base'), 'trained again');
    const refused = evaluateRun(config, out, runs.own, noSignal);
    await expect(refused).rejects.toMatchObject({ code: 'config', file: runFolder(out).shardRecords(1, 3) });
    await expect(refused).rejects.toThrow('made with other weights of base');
  });
});
