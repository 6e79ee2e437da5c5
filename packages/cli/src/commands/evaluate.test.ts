import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readMaskPng } from '@fsmr/imaging';
import { confusion } from '@fsmr/metrics';
import { classPlane } from '@fsmr/training';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDataset } from '../config/dataset.js';
import type { RunConfig } from '../config/schema.js';
import { readPanels } from '../report/panel-data.js';
import { readRunResults } from '../report/run-results.js';
import { exists, readJsonLines } from '../run/files.js';
import { runFolder } from '../run/folder.js';
import { provenanceFile } from '../run/provenance.js';
import type { RecordLine } from '../run/records.js';
import { evaluationText } from '../run/write-results.js';
import { evaluateRun, evaluateShard } from './evaluate.js';
import { noSignal, startTinyRuns, tinyConfig } from './tiny-run.fixture.js';
import { trainRun } from './train.js';

let runs: Awaited<ReturnType<typeof startTinyRuns>>;
/** Three of six scans are evaluated, each with both others as support, in three classes. */
const episodes = 3 * 3 * 2;
const arms = 3;

beforeAll(async () => {
  runs = await startTinyRuns();
  await trainRun(tinyConfig(), runs.at('trained'), runs.own, noSignal);
});
afterAll(() => runs.end());

/** A copy of the trained run, not yet evaluated. */
async function fresh(name: string): Promise<string> {
  await cp(runs.at('trained'), runs.at(name), { recursive: true });
  return runs.at(name);
}

const evaluateIn = (out: string, signal = noSignal, config: RunConfig = tinyConfig()) =>
  evaluateRun(config, out, runs.own, signal);
const keysIn = async (file: string) => (await readJsonLines<{ key: string }>(file)).map(({ key }) => key);

/** Says stop once a log has so many lines. */
async function stopAtLines(file: string, lines: number, controller: AbortController): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text.split('\n').length > lines) controller.abort();
}

describe('evaluateRun', () => {
  it('writes tables, overlays and the report, and leaks nothing', async () => {
    const out = await fresh('once');
    const before = tf.memory().numTensors;
    const found = await evaluateIn(out);
    expect(tf.memory().numTensors).toBe(before);
    expect(found.arms.map(({ arm }) => arm)).toEqual(['base', 'japc', 'consensus']);
    expect(found.arms.every(({ supports }) => supports.length === 9)).toBe(true);
    expect(found.comparisons.map(({ second }) => second)).toEqual(['base', 'consensus']);
    const folder = runFolder(out);
    const metrics = JSON.parse(await readFile(folder.metrics, 'utf8'));
    expect(metrics.arms).toEqual(JSON.parse(JSON.stringify(found.arms)));
    // JAPC adds its projections, and a learned gain.
    expect(metrics.parameters.consensus).toBe(metrics.parameters.base);
    expect(metrics.parameters.japc).toBeGreaterThan(metrics.parameters.base);
    const csv = (await readFile(folder.metricsCsv, 'utf8')).trimEnd().split('\n');
    expect(csv).toHaveLength(1 + 3 * 9 * 2);
    expect(csv[1]).toMatch(/^base,liver,phantom\d+,generous,(0|1|NaN|0\.\d+)/);
    const scans = (await readFile(folder.scansCsv, 'utf8')).trimEnd().split('\n');
    expect(scans[0]).toBe('arm,class,support,scan,rater,dice,precision,recall,tp,fp,fn');
    expect(scans).toHaveLength(1 + 3 * episodes * 2);
    const [arm, name, , , , dice, precision, recall, tp, fp, fn] = scans
      .slice(1)
      .find((line) => !line.includes('NaN'))!
      .split(',');
    expect([arm, name]).toEqual(['base', 'liver']);
    expect(Number(dice)).toBe((2 * Number(tp)) / (2 * Number(tp) + Number(fp) + Number(fn)));
    expect(Number(precision)).toBe(Number(tp) / (Number(tp) + Number(fp)));
    expect(Number(recall)).toBe(Number(tp) / (Number(tp) + Number(fn)));
    expect(await readdir(folder.overlays)).toHaveLength(3);
    expect(await readFile(folder.report, 'utf8')).toContain('Dice (%)');
    expect(await keysIn(folder.records)).toHaveLength(episodes);
  });

  it('gives the same table for the same seed', async () => {
    const other = runs.at('same seed');
    await trainRun(tinyConfig(), other, runs.own, noSignal);
    const table = evaluationText(await evaluateIn(other));
    expect(table).toBe(evaluationText(await evaluateIn(await fresh('reference'))));
    expect(table).toContain('| japc over base |');
  });

  it('goes on after an interruption and a kill, repeats nothing, and ends with the same files', async () => {
    const out = await fresh('resumed');
    const controller = new AbortController();
    const watch = setInterval(() => void stopAtLines(runFolder(out).records, 10, controller), 1);
    await expect(evaluateIn(out, controller.signal)).rejects.toMatchObject({ code: 'interrupted' });
    clearInterval(watch);
    expect(await exists(runFolder(out).metrics)).toBe(false);
    const first = await readFile(runFolder(out).records, 'utf8');
    const lines = first.split('\n').length - 1;
    expect(lines).toBeGreaterThanOrEqual(10);
    expect(lines).toBeLessThan(episodes * arms);
    // Wrong counts in a finished line show that it is not computed again.
    const marked = first.replace(/"tp":\d+/, '"tp":1234567');
    await writeFile(runFolder(out).records, `${marked}{"key":"1/phantom`);
    await evaluateIn(out);
    expect(await readFile(runFolder(out).records, 'utf8')).toContain('"tp":1234567');
    await writeFile(runFolder(out).records, first);
    await evaluateIn(out);
    const reference = await fresh('uninterrupted');
    await evaluateIn(reference);
    for (const file of ['metrics', 'metricsCsv', 'scansCsv', 'records', 'report'] as const) {
      expect(await readFile(runFolder(out)[file], 'utf8')).toBe(await readFile(runFolder(reference)[file], 'utf8'));
    }
  });

  it('evaluates arms alone that were not asked for before, and forgets none', async () => {
    const out = await fresh('more arms');
    const only = tinyConfig({ evaluation: { arms: ['base'], panels: 0 } });
    const alone = await evaluateIn(out, noSignal, only);
    const before = await readFile(runFolder(out).records, 'utf8');
    const all = await evaluateIn(out);
    expect(all.arms[0]).toEqual(alone.arms[0]);
    expect((await evaluateIn(out, noSignal, only)).arms).toEqual(alone.arms);
    const after = await readFile(runFolder(out).records, 'utf8');
    expect(after.match(/"arm":"japc"/g)).toHaveLength(episodes);
    for (const line of before.trimEnd().split('\n')) expect(after).toContain(line.slice(0, -2));
  });

  it('divides its episodes into shards that together make the same tables', async () => {
    const out = await fresh('sharded');
    for (const index of [1, 2, 3]) {
      const shard = { index, count: 3 };
      const file = await evaluateShard(tinyConfig(), out, runs.own, noSignal, { shard });
      expect(await keysIn(file)).toHaveLength((episodes * arms) / 3);
    }
    expect(await exists(runFolder(out).metrics)).toBe(false);
    const stopped = new AbortController();
    stopped.abort();
    const found = await evaluateIn(out, stopped.signal);
    expect(found).toEqual(await evaluateIn(await fresh('whole')));
  });

  it('refuses records of scans that have changed since, and reports none of scans that are gone', async () => {
    const out = await fresh('changed data');
    await evaluateIn(out);
    const folder = runFolder(out);
    const whole = await readRunResults(out);
    const file = provenanceFile(folder.records);
    const provenance = JSON.parse(await readFile(file, 'utf8'));
    const [id, ...others] = Object.keys(provenance.data);
    expect(others).toHaveLength(2);
    await writeFile(file, JSON.stringify({ ...provenance, data: { ...provenance.data, [id!]: '0' } }));
    await expect(evaluateIn(out)).rejects.toThrow(
      `was made with another ${id}: its image or masks have changed since.`,
    );
    const metrics = JSON.parse(await readFile(folder.metrics, 'utf8'));
    expect(new Set(metrics.queries)).toEqual(new Set([id, ...others]));
    await writeFile(folder.metrics, JSON.stringify({ ...metrics, queries: others }));
    const { records } = await readRunResults(out);
    expect(records.get('base')!.length).toBe((whole.records.get('base')!.length * 2) / 3);
    expect(records.get('base')!.some(({ scan }) => scan === id)).toBe(false);
  });

  it('writes the masks that were counted, also of episodes counted before, and none twice', async () => {
    const out = await fresh('predicted');
    const folder = runs.at('masks');
    const config = tinyConfig({ evaluation: { classes: ['liver'], arms: ['base', 'japc'], panels: 0 } });
    const evaluateTo = (predictions?: string, signal = noSignal) =>
      evaluateRun(config, out, runs.own, signal, { predictions });
    await evaluateTo();
    const records = await readFile(runFolder(out).records, 'utf8');
    const found = await evaluateTo(folder);
    expect(await readFile(runFolder(out).records, 'utf8')).toBe(records);
    // Nothing is left to do.
    expect(await evaluateTo(folder, AbortSignal.abort())).toEqual(found);
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.png'));
    // Two arms of six pairs, two raters.
    expect(names).toHaveLength(2 * 6 * 2);
    const lines = await readJsonLines<RecordLine>(runFolder(out).records);
    const dataset = await buildDataset(config);
    for (const { arm, records: counts } of lines.flatMap(({ results }) => results)) {
      for (const { support, scan, rater, class: name, tp, fp, fn } of counts) {
        const mask = await readMaskPng(join(folder, arm, name, support!, scan, `${rater}.png`));
        const truth = classPlane(await dataset.read(scan), 0, rater, 1);
        expect(confusion(mask.data, truth)).toMatchObject({ tp, fp, fn });
      }
    }
    const provenance = join(folder, 'predictions.json');
    const made = await readFile(provenance, 'utf8');
    await writeFile(provenance, made.replace(/"japc": "..../, '"japc": "0000'));
    await expect(evaluateTo(folder)).rejects.toMatchObject({ code: 'config', file: join(folder, 'predictions.jsonl') });
  });

  it('keeps no panel of an earlier evaluation', async () => {
    const out = await fresh('panels');
    await evaluateIn(out);
    expect(await readPanels(runFolder(out).panels)).toHaveLength(1);
    await evaluateIn(out, noSignal, tinyConfig({ evaluation: { panels: 0 } }));
    expect(await readPanels(runFolder(out).panels)).toEqual([]);
    expect(await exists(runFolder(out).overlays)).toBe(false);
  });

  it('makes a table without a test where there is one support', async () => {
    const out = await fresh('one support');
    const ids = (await keysIn(runFolder(runs.at('once')).records)).map((key) => key.split('/')[1]!);
    const last = [...new Set(ids)].sort().at(-1);
    const config = tinyConfig({ data: tinyConfig().data, evaluation: { supports: [-1], panels: 0 } });
    const found = await evaluateIn(out, noSignal, config);
    for (const { supports } of found.arms) expect(supports.map(({ support }) => support)).toEqual(Array(3).fill(last));
    expect(await readFile(runFolder(out).report, 'utf8')).toContain('Dice (%)');
  });

  it('refuses a folder without run, another run, and an arm that is not trained', async () => {
    await expect(evaluateIn(runs.at('nowhere'))).rejects.toMatchObject({ code: 'config', file: runs.at('nowhere') });
    expect(await exists(runs.at('nowhere'))).toBe(false);
    const out = await fresh('other');
    await expect(evaluateIn(out, noSignal, tinyConfig({ seed: 8 }))).rejects.toMatchObject({ code: 'config' });
    const folder = runFolder(out);
    await writeFile(folder.weights('japc'), 'damaged');
    await expect(evaluateIn(out)).rejects.toMatchObject({ code: 'weights', file: folder.weights('japc') });
    await cp(folder.weights('base'), folder.weights('japc'));
    await expect(evaluateIn(out)).rejects.toMatchObject({ code: 'weights', file: folder.weights('japc') });
    const untrained = runs.at('untrained');
    const base = tinyConfig({ evaluation: { arms: ['base'] }, training: { steps: 2 } });
    await trainRun(base, untrained, runs.own, noSignal);
    const both = tinyConfig({ training: { steps: 2 } });
    const wanted = evaluateIn(untrained, noSignal, { ...base, evaluation: both.evaluation });
    await expect(wanted).rejects.toThrow('arm japc is not trained');
  });
});
