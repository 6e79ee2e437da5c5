import type { Dataset } from '@fsmr/datasets';
import { renderCsv, renderMarkdown } from '@fsmr/metrics';
import {
  type ArmComparison,
  type ArmSummary,
  compareArms,
  type EpisodeRecords,
  pairedSupports,
  summarise,
} from '@fsmr/training';
import type { RunConfig } from '../config/schema.js';
import type { Panel } from '../report/panel.js';
import { reportPage } from '../report/report.js';
import { comparisonTable, diceTable, numberTable, undefinedNote } from '../report/tables.js';
import { writeAtomically, writeJson } from './files.js';
import type { RunFolder } from './folder.js';
import type { Versions } from './versions.js';

/** What an evaluation found. */
export interface Evaluation {
  readonly arms: readonly ArmSummary[];
  readonly comparisons: readonly ArmComparison[];
}

/** Tables of an evaluation's records, arms in the order of their names; JAPC is compared with every other arm. */
export function evaluationOf(records: Iterable<EpisodeRecords>, names: readonly string[]): Evaluation {
  const arms = summarise(records).sort((a, b) => names.indexOf(a.arm) - names.indexOf(b.arm));
  const japc = arms.find(({ arm }) => arm === 'japc');
  if (japc === undefined) return { arms, comparisons: [] };
  // One support is no sample; the table stands without a test then.
  const others = arms.filter((other) => other !== japc && pairedSupports(japc, other).length > 1);
  return { arms, comparisons: others.map((other) => compareArms(japc, other)) };
}

/** What is written of an evaluation. */
export interface Results {
  readonly folder: RunFolder;
  readonly dataset: Dataset;
  readonly config: RunConfig;
  readonly versions: Versions;
  readonly found: Evaluation;
  readonly panels: readonly Panel[];
  /** Trained numbers of each arm. */
  readonly parameters: Readonly<Record<string, number>>;
}

/** Writes metrics as JSON and CSV, and the report. */
export async function writeResults(results: Results): Promise<void> {
  const { folder, dataset, config, versions, found, panels, parameters } = results;
  const { arms, comparisons } = found;
  await writeJson(folder.metrics, { config, versions, arms, comparisons, parameters });
  const scores = arms.flatMap(({ arm, supports }) =>
    supports.flatMap((support) =>
      Object.entries(support.byRater).map(([rater, dice]) => [
        arm,
        support.class,
        support.support,
        rater,
        String(dice),
      ]),
    ),
  );
  await writeAtomically(
    folder.metricsCsv,
    renderCsv(numberTable(['arm', 'class', 'support', 'rater', 'dice'], scores)),
  );
  const title = config.name ?? `FSMR: ${config.model.method} on ${dataset.name}`;
  await writeAtomically(folder.report, reportPage({ title, arms, comparisons, parameters, panels, config, versions }));
}

/** The tables as text for the terminal. */
export function evaluationText({ arms, comparisons }: Evaluation): string {
  const tables = [diceTable(arms), ...(comparisons.length > 0 ? [comparisonTable(comparisons)] : [])];
  const note = undefinedNote(arms);
  return `${tables.map(renderMarkdown).join('\n').trimEnd()}${note === undefined ? '' : `\n\n${note}`}`;
}
