import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { evaluateRun } from '../commands/evaluate.js';
import { noSignal, startTinyRuns } from '../commands/tiny-run.fixture.js';
import { trainRun } from '../commands/train.js';
import { loadConfig } from '../config/load.js';
import { readRunResults } from '../report/run-results.js';
import { readJsonLines } from '../run/files.js';
import { runFolder } from '../run/folder.js';
import { expandGrid } from './cells.js';
import { checkGrid } from './grid.js';
import { type PlannedCell, planCells } from './plan.js';
import { isFinished, runCells, type StatedCell } from './run-cells.js';

let runs: Awaited<ReturnType<typeof startTinyRuns>>;
beforeAll(async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  runs = await startTinyRuns();
});
afterAll(async () => {
  vi.restoreAllMocks();
  await runs.end();
});

function waiting(planned: PlannedCell): StatedCell {
  const { name, labels, hash } = planned.cell;
  const seconds = { train: 0, evaluate: 0 };
  return { ...planned, state: { name, index: planned.index, labels, hash, state: 'waiting', seconds, commands: [] } };
}

it('evaluates real weights that another cell trained, without a step of training of its own', async () => {
  const base = {
    data: { kind: 'phantom', scans: 4, size: 64, raters: 2 },
    model: { channels: 8, methodOptions: { protoGridSize: 2 } },
    training: { steps: 2, superpixelArea: 40 },
    evaluation: { arms: ['japc'], panels: 0 },
  };
  const classes = ['liver', 'kidney'].map((name) => ({ name, evaluation: { classes: [name] } }));
  const planned = planCells(expandGrid(checkGrid({ base, axes: { classes } }, { folder: '/', base })));
  const out = runs.at('sweep');
  const cells = planned.map(waiting);
  const steps: number[] = [];
  await runCells(cells, {
    out,
    workers: 1,
    threads: 1,
    signal: noSignal,
    onChange: () => {},
    run: async (name, [word, ...rest]) => {
      const folder = join(out, name);
      if (word === 'train') await trainRun(await loadConfig(rest[1]!), folder, runs.own, noSignal);
      else await evaluateRun(await loadConfig(runFolder(folder).config), folder, runs.own, noSignal);
      steps.push((await readJsonLines(runFolder(folder).log('japc'))).length);
      return { code: 0, seconds: 1, lastLines: [] };
    },
  });
  expect(cells.map(({ state }) => state.state)).toEqual(['done', 'done']);
  expect(steps).toEqual([2, 2, 2, 2]);
  const [first, second] = await Promise.all(
    cells.map(({ cell }) => stat(runFolder(join(out, cell.name)).weights('japc'))),
  );
  expect(second!.ino).toBe(first!.ino);
  for (const one of cells) expect(await isFinished(out, one)).toBe(true);
  const shared = cells.map(({ cell }) => readFile(runFolder(join(out, cell.name)).versions, 'utf8'));
  expect(new Set(await Promise.all(shared)).size).toBe(1);
  const [liver, kidney] = await Promise.all(cells.map(({ cell }) => readRunResults(join(out, cell.name))));
  expect(new Set(liver!.records.get('japc')!.map((record) => record.class))).toEqual(new Set(['liver']));
  expect(new Set(kidney!.records.get('japc')!.map((record) => record.class))).toEqual(new Set(['kidney']));
  expect(kidney!.weights).toEqual(liver!.weights);
  expect(JSON.parse(await readFile(join(out, 'configs', 'liver.json'), 'utf8')).engine).toEqual({ threads: 1 });
});

it('lets other cells finish where one’s files cannot be written', async () => {
  const base = { data: { kind: 'phantom' } } as const;
  const planned = planCells(expandGrid(checkGrid({ base, axes: { seed: [1, 2] } }, { folder: '/', base })));
  const out = runs.at('faulty');
  await mkdir(join(out, 'configs', '1.json'), { recursive: true });
  const cells = planned.map(waiting);
  const run = async () => ({ code: 0, seconds: 1, lastLines: [] });
  await runCells(cells, { out, workers: 1, threads: 1, signal: noSignal, onChange: () => {}, run });
  expect(cells.map(({ state }) => state.state)).toEqual(['failed', 'done']);
  expect(cells[0]!.state.lastLines![0]).toContain('EISDIR');
});
