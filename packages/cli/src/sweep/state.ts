import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@fsmr/core';
import { z } from 'zod';
import { writeJson } from '../run/files.js';
import type { Shard } from '../run/shard.js';

const phases = ['train', 'evaluate'] as const;

/** What is done with a cell, in order. */
export type Phase = (typeof phases)[number];

const cellState = z.object({
  name: z.string(),
  /** Its place among all cells of the grid. */
  index: z.number(),
  labels: z.record(z.string(), z.string()),
  hash: z.string(),
  state: z.enum(['waiting', 'running', 'interrupted', 'failed', 'done']),
  /** The cell whose trained weights this one uses. */
  trainedBy: z.string().optional(),
  /** What each phase took, all visits together. */
  seconds: z.object({ train: z.number(), evaluate: z.number() }),
  /** What was run, as one types it. */
  commands: z.array(z.string()),
  /** The last lines of a cell that failed. */
  lastLines: z.array(z.string()).optional(),
  /** The process at work. */
  process: z.number().optional(),
});

const gridCell = z.object({
  name: z.string(),
  labels: z.record(z.string(), z.string()),
  /** Labels of the cell it is a variant of, or its own. */
  reference: z.record(z.string(), z.string()),
});

const sweepState = z.object({
  grid: z.unknown(),
  /** Every cell of the grid, those of other shares too; earlier versions did not write them down. */
  plan: z.array(gridCell).default([]),
  versions: z.object({ fsmr: z.string(), node: z.string(), platform: z.string(), processor: z.string() }),
  workers: z.number(),
  cells: z.array(cellState),
});

/** How far a cell is. */
export type CellState = z.output<typeof cellState>;

/** A cell of the grid, whoever runs it. */
export type GridCell = z.output<typeof gridCell>;

/** What `sweep.json` says. */
export type SweepState = z.output<typeof sweepState>;

/** The file of a sweep; each shard has its own, so that folders of several machines can be put together. */
export function sweepFile(out: string, shard?: Shard): string {
  return join(out, shard === undefined ? 'sweep.json' : `sweep-${shard.index}of${shard.count}.json`);
}

/** The cells of a sweep, from the files of all its shards, in the order of the grid. @throws InputError for none. */
export async function readSweepCells(out: string): Promise<CellState[]> {
  return (await readSweepFolder(out)).cells;
}

/** Those cells, and all that the grid asked for last has. @throws InputError for none. */
export async function readSweepFolder(
  out: string,
): Promise<{ readonly cells: CellState[]; readonly plan: readonly GridCell[] }> {
  const names = (await readdir(out).catch(() => [])).filter((name) => /^sweep(-\d+of\d+)?\.json$/.test(name)).sort();
  const written = await Promise.all(names.map(async (name) => (await stat(join(out, name))).mtimeMs));
  const newestLast = names.map((name, index) => ({ name, at: written[index]! })).sort((a, b) => a.at - b.at);
  const sweeps = await Promise.all(newestLast.map(({ name }) => readSweep(join(out, name))));
  // A cell may be in two files where shares were cut in two ways: the one that got further counts, and of two
  // configurations the one that was asked for last.
  const cells = new Map<string, CellState>();
  for (const cell of sweeps.flatMap((sweep) => sweep?.cells ?? [])) {
    const known = cells.get(cell.name);
    if (known?.state !== 'done' || known.hash !== cell.hash) cells.set(cell.name, cell);
  }
  if (cells.size === 0) {
    throw new InputError('holds no sweep.', { file: out, remedy: 'Give the folder that `fsmr sweep --out` filled.' });
  }
  const plan = sweeps.findLast((sweep) => sweep !== undefined)?.plan ?? [];
  return { cells: [...cells.values()].sort((a, b) => a.index - b.index), plan };
}

/** What an earlier visit left; undefined where there is none, or nothing that can be read. */
export async function readSweep(file: string): Promise<SweepState | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return sweepState.parse(JSON.parse(text));
  } catch {
    // The run folders hold all that matters; this file only tells of them.
    return undefined;
  }
}

/** Writes the file, one write after the other; one that fails stops no later one. */
export function sweepWriter(file: string): (state: SweepState) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (state) => {
    const copy = structuredClone(state);
    last = last.catch(() => undefined).then(() => writeJson(file, copy));
    return last;
  };
}
