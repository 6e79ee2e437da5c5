import { ConfigError } from '@fsmr/core';
import type { Command } from 'commander';
import { interruptSignal } from './run/interrupt.js';
import { parseShard } from './run/shard.js';

/** Adds the words that deal with many runs and start no engine themselves: sweep, report. */
export function addResultCommands(program: Command): void {
  program
    .command('sweep')
    .description('train and evaluate every cell of a grid, several at once; given again, it goes on')
    .argument('<grid>', 'JSON grid, see below')
    .requiredOption('--out <folder>', 'gets a run folder a cell, and sweep.json')
    .option('--workers <number>', 'cells at once; the processors are divided between them', '1')
    .option('--shard <i/n>', 'only the i-th of n shares, for several machines')
    .option('--dry-run', 'say which cells there are, and do nothing')
    .addHelpText('after', gridHelp)
    .action(sweepAction);
  program
    .command('report')
    .description('write tables, paired tests and figures of evaluated runs, and where each number comes from')
    .option('--sweep <folder>', 'what fsmr sweep filled; cells that are not done are named', onlyOnce)
    .option('--run <folder...>', 'evaluated run folders; those that differ in their seed alone are averaged')
    .requiredOption('--out <folder>', 'gets report.html, report.md, results.csv, tables.tex')
    .option('--format <list>', 'what to write', 'html,md,csv,latex')
    .option('--title <text>', 'title of the report')
    .action(async ({ format, ...options }: ReportWords) => {
      // Loaded when asked for, so that other words start no slower.
      const { parseFormats, reportCommand } = await import('./commands/report.js');
      const written = await reportCommand({ ...options, formats: parseFormats(format) });
      process.stdout.write(`${written.join('\n')}\n`);
    });
}

function onlyOnce(folder: string, before: string | undefined): string {
  if (before === undefined) return folder;
  throw new ConfigError(`a report is of one sweep, not of ${before} and ${folder}.`, {
    remedy: 'Put the folders of their cells into one, with the sweep-*.json of each, or name them with --run.',
  });
}

const gridHelp = `
The grid is JSON:
  base      a configuration (see fsmr train --help), or the file of one
  axes      lists by name; a cell is one value of each. A value is { "name": "...", and what it changes in the
            configuration }, where null takes a key away, or a plain value: axis "seed" changes seed, "method"
            model.method, and an axis with a dotted name such as "training.steps" that key
  include   only cells that match one of these rules, such as { "method": "rpt", "seed": [1, 2] }
  exclude   no cells that match one of these
  name      title
Cells that differ in their evaluation alone are trained once. A cell that fails stops no other.`;

interface SweepWords {
  readonly out: string;
  readonly workers: string;
  readonly shard?: string;
  readonly dryRun?: boolean;
}

async function sweepAction(grid: string, { out, workers: count, shard: share, dryRun }: SweepWords): Promise<void> {
  const { planSweep, sweepCommand } = await import('./commands/sweep.js');
  const shard = share === undefined ? {} : { shard: parseShard(share) };
  const workers = Number(count);
  if (!Number.isInteger(workers) || workers < 1) {
    throw new ConfigError(`${JSON.stringify(count)} is no number of workers.`, { remedy: 'Give 1 or more.' });
  }
  if (dryRun === true) return void process.stdout.write(`${await planSweep({ grid, out, ...shard })}\n`);
  const program = [process.execPath, ...process.execArgv, process.argv[1]!];
  const { signal, release } = interruptSignal();
  try {
    const { cells, text } = await sweepCommand({ grid, out, workers, program, ...shard }, signal);
    process.stdout.write(`${text}\n`);
    if (cells.some(({ state }) => state === 'failed')) process.exitCode = 1;
  } finally {
    release();
  }
}

interface ReportWords {
  readonly sweep?: string;
  readonly run?: readonly string[];
  readonly out: string;
  readonly format: string;
  readonly title?: string;
}
