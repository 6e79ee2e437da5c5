import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeJson } from '../run/files.js';
import { fakeProgram } from '../sweep/program.fixture.js';
import { readSweep, readSweepCells } from '../sweep/state.js';
import { reportCommand } from './report.js';
import { planSweep, type SweepOptions, sweepCommand } from './sweep.js';
import { noSignal } from './tiny-run.fixture.js';

let folder: string;
beforeAll(async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  folder = await mkdtemp(join(tmpdir(), 'fsmr-sweep-'));
  await writeFile(join(folder, 'fake.mjs'), fakeProgram);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});
let count = 0;
afterEach(() => void count++);

/** A new folder with a grid in it. */
async function sweepOf(axes: object, steps = 3): Promise<SweepOptions> {
  const out = join(folder, String(count));
  await mkdir(out);
  const base = { data: { kind: 'phantom' }, training: { steps }, evaluation: { arms: ['base'] } };
  const grid = join(out, 'grid.json');
  await writeFile(grid, JSON.stringify({ base, axes }));
  return { grid, out, workers: 2, program: [process.execPath, join(folder, 'fake.mjs')] };
}

const started = async ({ out }: SweepOptions) =>
  (await readFile(join(out, 'started.txt'), 'utf8')).trimEnd().split('\n').sort();
const statesOf = async ({ out }: SweepOptions) => {
  const sweep = await readSweep(join(out, 'sweep.json'));
  return Object.fromEntries(sweep!.cells.map(({ name, state }) => [name, state]));
};

const settings = [{ name: 'all' }, { name: 'liver', evaluation: { classes: ['liver'] } }];

describe('sweepCommand', () => {
  it('runs every cell, trains what is the same once, and passes over what is done', async () => {
    const options = await sweepOf({ seed: [1, 2], setting: settings });
    expect(await planSweep(options)).toMatch(/1_liver: weights of 1_all[\s\S]*4 cells, 2 trainings/);
    const { cells, text } = await sweepCommand(options, noSignal);
    expect(text).toContain('4 of 4 cells done');
    const all = ['1_all', '1_liver', '2_all', '2_liver'];
    expect(await started(options)).toEqual([
      ...all.map((name) => `evaluate ${name}`),
      ...all.map((name) => `train ${name}`),
    ]);
    const weights = (name: string) => stat(join(options.out, name, 'weights', 'base.safetensors'));
    expect((await weights('1_liver')).ino).toBe((await weights('1_all')).ino);
    expect((await weights('2_all')).ino).not.toBe((await weights('1_all')).ino);
    const state = await readSweep(join(options.out, 'sweep.json'));
    expect(state!.cells).toEqual(cells);
    expect(state!.cells[1]).toMatchObject({
      labels: { seed: '1', setting: 'liver' },
      trainedBy: '1_all',
      commands: [
        `fsmr train --config ${options.out}/configs/1_liver.json --out ${options.out}/1_liver`,
        `fsmr evaluate --run ${options.out}/1_liver`,
      ],
    });
    expect(state!.cells[0]!.seconds.train).toBeGreaterThan(0);
    const { threads } = JSON.parse(await readFile(join(options.out, 'configs', '1_all.json'), 'utf8')).engine;
    expect(threads).toBeGreaterThanOrEqual(1);
    await rm(join(options.out, 'started.txt'));
    expect((await sweepCommand(options, noSignal)).cells).toEqual(cells);
    await expect(started(options)).rejects.toThrow('ENOENT');
    expect(await planSweep(options)).toContain('2_liver: done');
  });

  it('lets other cells finish where one fails, says why, and tries it again', async () => {
    const options = await sweepOf({ seed: [13, 1], setting: settings });
    const { cells, text } = await sweepCommand(options, noSignal);
    expect(cells.map(({ name, state }) => [name, state])).toEqual([
      ['13_all', 'failed'],
      ['13_liver', 'failed'],
      ['1_all', 'done'],
      ['1_liver', 'done'],
    ]);
    expect(text).toContain('13_all failed:\n  step 1\n  fsmr: the loss is not a number.\n');
    expect(text).toContain('13_liver failed:\n  needs the weights of 13_all');
    expect(text).toContain('2 of 4 cells done');
    await rm(join(options.out, 'started.txt'));
    await sweepCommand(options, noSignal);
    expect(await started(options)).toEqual(['train 13_all']);
  });

  it('stops its cells after their step when the signal comes, and goes on where they stopped', async () => {
    const options = await sweepOf({ seed: [1, 2, 3] }, 30);
    const controller = new AbortController();
    const stopped = sweepCommand(options, controller.signal);
    await vi.waitFor(() => readFile(join(options.out, '2', 'logs', 'base.jsonl')), 30_000);
    controller.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted', message: expect.stringContaining('3 of 3') });
    expect(await statesOf(options)).toEqual({ 1: 'interrupted', 2: 'interrupted', 3: 'waiting' });
    await sweepCommand(options, noSignal);
    expect(await statesOf(options)).toEqual({ 1: 'done', 2: 'done', 3: 'done' });
    const steps = await readFile(join(options.out, '1', 'logs', 'base.jsonl'), 'utf8');
    expect(steps.trimEnd().split('\n')).toHaveLength(30);
  });

  it('goes on after a kill of a cell, and of the sweep itself', async () => {
    const options = await sweepOf({ seed: [1, 2] }, 30);
    const killed = sweepCommand(options, noSignal);
    const id = await vi.waitFor(async () => {
      const sweep = await readSweep(join(options.out, 'sweep.json'));
      await readFile(join(options.out, '1', 'logs', 'base.jsonl'));
      return sweep!.cells[0]!.process!;
    }, 30_000);
    process.kill(id, 'SIGKILL');
    const { cells } = await killed;
    expect(cells.map(({ state }) => state)).toEqual(['failed', 'done']);
    expect(cells[0]!.lastLines!.at(-1)).toBe('ended by SIGKILL');
    // What a killed sweep leaves: a cell that seems to be running, in a process that is no more.
    const file = join(options.out, 'sweep.json');
    const left = await readSweep(file);
    await writeJson(file, { ...left, cells: [{ ...cells[0], state: 'running', process: id }, cells[1]] });
    await sweepCommand(options, noSignal);
    expect(await statesOf(options)).toEqual({ 1: 'done', 2: 'done' });
    const steps = await readFile(join(options.out, '1', 'logs', 'base.jsonl'), 'utf8');
    expect(steps.trimEnd().split('\n')).toHaveLength(30);
    await writeFile(file, '{"dam');
    expect((await sweepCommand(options, noSignal)).cells.every(({ state }) => state === 'done')).toBe(true);
  });

  it('gives each shard its own file and its own cells', async () => {
    const options = await sweepOf({ seed: [1, 2, 3] });
    for (const index of [1, 2]) await sweepCommand({ ...options, shard: { index, count: 2 } }, noSignal);
    const names = async (index: number) =>
      (await readSweep(join(options.out, `sweep-${index}of2.json`)))!.cells.map(({ name }) => name);
    expect([await names(1), await names(2)]).toEqual([['1', '3'], ['2']]);
    expect((await readSweepCells(options.out)).map(({ name }) => name)).toEqual(['1', '2', '3']);
    await expect(readSweepCells(folder)).rejects.toThrow('holds no sweep');
    // One share alone names the cells of the others.
    const alone = join(options.out, 'sweep-2of2.json');
    const state = await readFile(alone, 'utf8');
    await rm(alone);
    await reportCommand({ sweep: options.out, out: join(options.out, 'part'), formats: ['md'] });
    expect(await readFile(join(options.out, 'part', 'report.md'), 'utf8')).toContain('Missing: 2 (of another share)');
    await writeFile(alone, state);
    // What was asked for last counts, though an older file says that another configuration is done.
    const before = (await readSweep(join(options.out, 'sweep-2of2.json')))!;
    const other = { ...before.cells[0]!, hash: 'another', state: 'failed' as const };
    const newer = join(options.out, 'sweep.json');
    await writeJson(newer, { ...before, cells: [other] });
    await utimes(newer, new Date(), new Date(Date.now() + 5000));
    expect((await readSweepCells(options.out)).map(({ state }) => state)).toEqual(['done', 'failed', 'done']);
    await rm(newer);
    const out = join(options.out, 'report');
    const written = await reportCommand({ sweep: options.out, out, formats: ['md', 'csv'] });
    expect(written).toEqual([join(out, 'report.md'), join(out, 'results.csv')]);
    const text = await readFile(join(out, 'report.md'), 'utf8');
    // Two tp, one fp: 80 %; three and one: 6/7; four and one: 8/9.
    expect(text).toContain(`| ALPNet | ${((100 * (4 / 5 + 6 / 7 + 8 / 9)) / 3).toFixed(2)} |`);
    expect(text).toContain(`fsmr evaluate --run ${options.out}/2`);
  }, 180_000);
});
