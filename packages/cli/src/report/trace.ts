import { join } from 'node:path';
import type { Table } from '@fsmr/metrics';
import { configHash } from './config-identity.js';
import type { Experiment } from './experiments.js';
import { armName, experimentTitle } from './names.js';
import type { RunResults } from './run-results.js';

/** Where every number comes from: one row a run. */
export function traceTable(experiments: readonly Experiment[]): Table {
  const titles = ['Run folder', 'Experiment', 'Seed', 'Configuration', 'Weights (SHA-256)', 'fsmr', 'Engine'];
  return {
    caption: 'Runs',
    columns: titles.map((title) => ({ title, align: 'left' })),
    rows: experiments.flatMap((experiment) =>
      experiment.runs.map(({ folder, config, versions, weights }) =>
        [
          folder,
          `${experimentTitle(experiment)}, ${armName('base', experiment.method)}, ${experiment.variant}`,
          String(config.seed),
          configHash(config),
          Object.entries(weights)
            .map(([name, hash]) => `${name} ${hash.slice(0, 12)}`)
            .join(', '),
          versions.fsmr,
          `${versions.backend}, ${versions.threads} threads, node ${versions.node}`,
        ].map((text) => ({ text })),
      ),
    ),
  };
}

/** The commands that made each run, one block of lines a run. */
export function traceCommands(runs: readonly RunResults[]): string {
  return runs.flatMap((run) => run.commands ?? commandsFor(run)).join('\n');
}

/** What makes a run again from its own configurations. */
function commandsFor({ folder, evaluationConfig }: RunResults): string[] {
  const again = quoted(`${folder}-again`);
  const asked = evaluationConfig === undefined ? '' : ` --config ${quoted(evaluationConfig)}`;
  const evaluate = `fsmr evaluate --run ${again}${asked}`;
  return [`fsmr train --config ${quoted(join(folder, 'config.json'))} --out ${again} && ${evaluate}`];
}

/** A word as a POSIX shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
