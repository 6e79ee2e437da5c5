import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '@fsmr/core';
import type { Command } from 'commander';
import { evaluateRun, evaluateShard, tabulateRun } from './commands/evaluate.js';
import { checkMergeable, mergeRecords, withTarget } from './commands/merge.js';
import { loadConfig } from './config/load.js';
import { runFolder } from './run/folder.js';
import { parseShard } from './run/shard.js';
import type { Versions } from './run/versions.js';
import { withRun } from './run/with-run.js';
import { evaluationText } from './run/write-results.js';

interface EvaluateFlags {
  readonly run: string;
  readonly config?: string;
  readonly workers?: number;
  readonly shard?: string;
  readonly predictions?: string;
  readonly featureCache?: string;
  readonly featureCacheLimit: number;
}

const clusterHelp = `
On one machine, all cores:         fsmr evaluate --run R --workers 8
On machines that share a disk:     fsmr evaluate --run R --shard 1/3   (2/3, 3/3), then  fsmr evaluate --run R
On machines that share none:       copy R to each, evaluate a shard there (--config where data lie elsewhere),
                                   copy the folders back as A B C, then
                                   fsmr merge --run A B C --out R
An episode that any of them finished is never computed again. Ctrl-C keeps what is finished.`;

/** Adds the words that evaluate: evaluate, merge. */
export function addEvaluationCommands(program: Command, configHelp: string): void {
  program
    .command('evaluate')
    .description('segment every evaluation case with every support, and compare the arms; resumes, never repeats')
    .requiredOption('--run <folder>', 'run folder that fsmr train filled')
    .option(
      '--config <file>',
      'another evaluation or engine, or where the data lie on this machine; that of the run otherwise',
    )
    .option('--workers <number>', 'processes, each with its share of the threads', Number, 1)
    .option('--shard <i/n>', 'only the i-th of n shares, into records of its own and without tables')
    .option('--predictions <folder>', 'also write every mask, {arm}/{class}/{support}/{query}/{rater}, as PNG or NIfTI')
    .option('--feature-cache <folder>', 'keep features of scans there, for other processes and later evaluations')
    .option('--feature-cache-limit <GiB>', 'what that folder may hold', Number, 20)
    .addHelpText('after', clusterHelp + configHelp)
    .action(evaluateAction);
  program
    .command('merge')
    .description('bring shards that were evaluated in several folders together, and write their tables')
    .requiredOption('--run <folder...>', 'run folders with the same weights')
    .requiredOption('--out <folder>', 'run folder that gets weights, records and tables; may be one of them')
    .addHelpText('after', clusterHelp)
    .action(mergeAction);
}

async function evaluateAction(flags: EvaluateFlags): Promise<void> {
  const { run: out, workers, predictions, featureCache: folder, featureCacheLimit } = flags;
  const shard = flags.shard === undefined ? undefined : parseShard(flags.shard);
  if (!(featureCacheLimit > 0)) {
    throw new ConfigError('--feature-cache-limit is no number above 0.', { remedy: 'Give GiB, such as 20.' });
  }
  await withRun(await loadConfig(flags.config ?? join(out, 'config.json')), async (run, versions, signal) => {
    const limit = featureCacheLimit * 2 ** 30;
    const cache = folder === undefined ? undefined : { folder, limit, version: versions.fsmr };
    const text =
      shard === undefined
        ? evaluationText(await evaluateRun(run, out, versions, signal, { workers, cache, predictions }))
        : `Records: ${await evaluateShard(run, out, versions, signal, { workers, cache, predictions, shard })}`;
    process.stdout.write(`${text}\n`);
  });
}

async function mergeAction({ run, out }: { run: string[]; out: string }): Promise<void> {
  const runs = await checkMergeable(await withTarget(run, out));
  await mergeRecords(runs, out);
  if (runs.missingShards.length > 0) {
    process.stderr.write(`Not among the folders: ${runs.missingShards.map((shard) => `shard ${shard}`).join(', ')}.\n`);
  }
  // Tables tell what made the records, whatever machine writes them.
  const trained = JSON.parse(await readFile(runFolder(out).versions, 'utf8')) as Versions;
  const versions = { ...trained, ...runs.provenance.versions };
  await withRun(runs.config, async (config) => {
    process.stdout.write(`${evaluationText(await tabulateRun(config, out, versions))}\n`);
  });
}
