import { join } from 'node:path';
import { checkConfig } from '../config/load.js';
import { configHash } from '../report/config-identity.js';
import { quoted } from '../report/trace.js';
import { exists, readableJson, writeJson } from '../run/files.js';
import { runFolder } from '../run/folder.js';
import type { Cell } from './cells.js';
import type { ChildEnd } from './child.js';
import type { PlannedCell } from './plan.js';
import { shareTraining } from './share.js';
import type { CellState, Phase } from './state.js';

/** What the cells of a sweep are run with. */
export interface CellRunner {
  readonly out: string;
  readonly workers: number;
  /** Threads of each cell whose configuration names none. */
  readonly threads: number;
  readonly signal: AbortSignal;
  /** Runs `fsmr` with these words. */
  readonly run: (cell: string, words: readonly string[], onStart: (process?: number) => void) => Promise<ChildEnd>;
  /** Called whenever the state of a cell has changed. */
  readonly onChange: (state: CellState) => void;
}

/** A cell with the state that is kept of it. */
export interface StatedCell extends PlannedCell {
  readonly state: CellState;
}

/**
 * Trains and evaluates cells, several at once, each in its own process. Cells that share training wait for the one that
 * trains. A cell that fails stops no other, except those that need its weights.
 */
export async function runCells(cells: readonly StatedCell[], runner: CellRunner): Promise<void> {
  const trained = new Map<string, Promise<boolean>>();
  for (const { cell, state } of cells) if (state.state === 'done') trained.set(cell.name, Promise.resolve(true));
  const waiting = cells.filter(({ state }) => state.state !== 'done');
  // Those that train come first, so that whoever waits for weights waits for a cell at work.
  const queue = [
    ...waiting.filter(({ trainedBy }) => trainedBy === undefined),
    ...waiting.filter(({ trainedBy }) => trainedBy !== undefined),
  ];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && !runner.signal.aborted; next = queue.shift()) {
      const { cell, state } = next;
      const failed = (error: unknown): false => {
        const lastLines = [error instanceof Error ? error.message : String(error)];
        change(state, runner, { state: 'failed', lastLines });
        return false;
      };
      const training = trainCell(next, trained, runner).catch(failed);
      trained.set(cell.name, training);
      if (await training) await evaluateCell(next, runner).catch(failed);
    }
  };
  await Promise.all(Array.from({ length: runner.workers }, work));
}

/** Whether the cell has its weights afterwards. */
async function trainCell(
  stated: StatedCell,
  trained: ReadonlyMap<string, Promise<boolean>>,
  runner: CellRunner,
): Promise<boolean> {
  const { cell, trainedBy, state } = stated;
  delete state.lastLines;
  if (trainedBy !== undefined && (await trained.get(trainedBy.name)) !== true) {
    const lastLines = [`needs the weights of ${trainedBy.name}, which has none.`];
    change(state, runner, runner.signal.aborted ? { state: 'interrupted' } : { state: 'failed', lastLines });
    return false;
  }
  const { folder, config, train } = placeOf(cell, runner.out);
  change(state, runner, { state: 'running' });
  // A cell that has begun keeps its threads, on which rounding depends, however many workers there are today.
  const threads = cell.config.engine.threads ?? (await begunThreads(config, folder)) ?? runner.threads;
  const engine = { ...cell.config.engine, threads };
  await writeJson(config, { ...cell.config, engine });
  if (trainedBy !== undefined) await shareTraining(join(runner.out, trainedBy.name), folder);
  return runPhase(stated, 'train', train, runner);
}

async function begunThreads(config: string, folder: string): Promise<number | undefined> {
  if (!(await exists(join(folder, 'checkpoints')))) return undefined;
  return (await readableJson<{ engine?: { threads?: number } }>(config))?.engine?.threads;
}

async function evaluateCell(stated: StatedCell, runner: CellRunner): Promise<void> {
  const { evaluate } = placeOf(stated.cell, runner.out);
  if (await runPhase(stated, 'evaluate', evaluate, runner)) change(stated.state, runner, { state: 'done' });
}

/** What makes a cell, as one types it. */
export function cellCommands(cell: Cell, out: string): string[] {
  const { train, evaluate } = placeOf(cell, out);
  return [train, evaluate].map((words) => ['fsmr', ...words].map(quoted).join(' '));
}

function placeOf({ name }: Cell, out: string) {
  const folder = join(out, name);
  const config = join(out, 'configs', `${name}.json`);
  return {
    folder,
    config,
    train: ['train', '--config', config, '--out', folder],
    evaluate: ['evaluate', '--run', folder],
  };
}

/** Whether it went well; where not, the state says so. */
async function runPhase(
  { cell, state }: StatedCell,
  phase: Phase,
  words: readonly string[],
  runner: CellRunner,
): Promise<boolean> {
  const { code, seconds, lastLines } = await runner.run(cell.name, words, (process) =>
    change(state, runner, process === undefined ? {} : { process }),
  );
  delete state.process;
  state.seconds[phase] += seconds;
  if (code === 0) {
    change(state, runner, {});
    return true;
  }
  // 130 is what a process says that was asked to stop; whatever else it says after that is no fault of the cell.
  const stopped = code === 130 || runner.signal.aborted;
  change(state, runner, stopped ? { state: 'interrupted' } : { state: 'failed', lastLines: [...lastLines] });
  return false;
}

function change(state: CellState, runner: CellRunner, changes: Partial<CellState>): void {
  Object.assign(state, changes);
  runner.onChange(state);
}

/** Whether a run folder holds the finished evaluation of this cell. */
export async function isFinished(out: string, { cell }: PlannedCell): Promise<boolean> {
  const written = await readableJson<{ config: unknown }>(runFolder(join(out, cell.name)).metrics);
  if (written === undefined) return false;
  try {
    return configHash(checkConfig(written.config)) === cell.hash;
  } catch {
    return false;
  }
}
