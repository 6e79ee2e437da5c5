import { arch, availableParallelism, cpus, platform } from 'node:os';
import { join } from 'node:path';
import { InterruptedError } from '@fsmr/core';
import { createProgress, duration } from '../run/progress.js';
import type { Shard } from '../run/shard.js';
import { ownVersion } from '../run/versions.js';
import { expandGrid, referenceOf } from '../sweep/cells.js';
import { startChild } from '../sweep/child.js';
import { loadGrid } from '../sweep/grid.js';
import { type PlannedCell, planCells } from '../sweep/plan.js';
import { cellCommands, isFinished, runCells, type StatedCell } from '../sweep/run-cells.js';
import { type CellState, readSweep, type SweepState, sweepFile, sweepWriter } from '../sweep/state.js';
import { waitForProcesses } from '../sweep/wait.js';

/** What `fsmr sweep` is told. */
export interface SweepOptions {
  /** The grid file. */
  readonly grid: string;
  readonly out: string;
  /** How many cells run at once. */
  readonly workers: number;
  readonly shard?: Shard;
  /** What starts `fsmr`, such as node and the script. */
  readonly program: readonly string[];
}

/** What a sweep did. */
export interface SweepResult {
  readonly cells: readonly CellState[];
  readonly text: string;
}

/** What a sweep would do, as text; nothing is written. @throws ConfigError where the grid is wrong. */
export async function planSweep({
  grid: file,
  out,
  shard,
}: Pick<SweepOptions, 'grid' | 'out' | 'shard'>): Promise<string> {
  const cells = planCells(expandGrid(await loadGrid(file), file), shard);
  const lines = await Promise.all(
    cells.map(async (planned) => {
      const { cell, trainedBy } = planned;
      const trains = trainedBy === undefined ? 'trains' : `weights of ${trainedBy.name}`;
      return `${cell.name}: ${(await isFinished(out, planned)) ? 'done' : trains}`;
    }),
  );
  const trainings = cells.filter(({ trainedBy }) => trainedBy === undefined).length;
  return [...lines, `${cells.length} cells, ${trainings} trainings`].join('\n');
}

/**
 * Trains and evaluates every cell of a grid in processes of their own. Finished cells are passed over, interrupted ones
 * go on where they stopped, and failing ones stop no other.
 *
 * @throws ConfigError where the grid is wrong; InterruptedError when the signal came.
 */
export async function sweepCommand(options: SweepOptions, signal: AbortSignal): Promise<SweepResult> {
  const { grid: file, out, workers, shard, program } = options;
  const grid = await loadGrid(file);
  const all = expandGrid(grid, file);
  const planned = planCells(all, shard);
  const earlier = await readSweep(sweepFile(out, shard));
  await waitForProcesses(
    (earlier?.cells ?? []).flatMap((cell) => cell.process ?? []),
    signal,
  );
  const cells = await Promise.all(planned.map((one) => stated(one, out, earlier)));
  const sweep: SweepState = {
    grid: grid.source,
    plan: all.map((cell) => ({ name: cell.name, labels: cell.labels, reference: referenceOf(cell, all).labels })),
    versions: {
      fsmr: await ownVersion(),
      node: process.version,
      platform: `${platform()} ${arch()}`,
      processor: cpus()[0]?.model ?? 'unknown',
    },
    workers,
    cells: cells.map(({ state }) => state),
  };
  const write = sweepWriter(sweepFile(out, shard));
  await write(sweep);
  const progress = createProgress('Sweep');
  const show = (detail: string): void => {
    const ended = sweep.cells.filter(({ state }) => state === 'done' || state === 'failed').length;
    progress.update(ended, sweep.cells.length, detail);
  };
  await runCells(cells, {
    out,
    workers,
    threads: Math.max(1, Math.floor(availableParallelism() / workers)),
    signal,
    run: async (cell, words, onStart) => {
      const log = join(out, 'logs', `${cell}.log`);
      const onLine = (line: string): void => show(`${cell}: ${line}`);
      const child = await startChild({ program, words, log, signal, onLine });
      onStart(child.process);
      return child.ended;
    },
    onChange: (state) => {
      show(`${state.name} ${state.state}`);
      // The last write tells of a fault that is still there.
      write(sweep).catch(() => undefined);
    },
  });
  progress.finish();
  await write(sweep);
  const left = sweep.cells.filter(({ state }) => state !== 'done' && state !== 'failed').length;
  if (left > 0) {
    throw new InterruptedError(`the sweep stopped with ${left} of ${cells.length} cells to do.`, {
      remedy: 'Give the same command again to go on.',
    });
  }
  return { cells: sweep.cells, text: summary(sweep, out) };
}

async function stated(planned: PlannedCell, out: string, earlier: SweepState | undefined): Promise<StatedCell> {
  const { cell, index, trainedBy } = planned;
  const known = earlier?.cells.find(({ name, hash }) => name === cell.name && hash === cell.hash);
  const state: CellState = {
    name: cell.name,
    index,
    labels: cell.labels,
    hash: cell.hash,
    state: (await isFinished(out, planned)) ? 'done' : 'waiting',
    ...(trainedBy === undefined ? {} : { trainedBy: trainedBy.name }),
    seconds: known?.seconds ?? { train: 0, evaluate: 0 },
    commands: cellCommands(cell, out),
  };
  return { ...planned, state };
}

function summary({ cells }: SweepState, out: string): string {
  const failed = cells.filter(({ state }) => state === 'failed');
  const seconds = (phase: 'train' | 'evaluate'): string =>
    duration(cells.reduce((sum, cell) => sum + cell.seconds[phase], 0));
  return [
    ...failed.map(({ name, lastLines = [] }) =>
      [`${name} failed:`, ...lastLines.map((line) => `  ${line}`)].join('\n'),
    ),
    `${cells.length - failed.length} of ${cells.length} cells done: ${seconds('train')} of training, ${seconds('evaluate')} of evaluation`,
    `Tables: fsmr report --sweep ${out} --out ${join(out, 'report')}`,
  ].join('\n');
}
