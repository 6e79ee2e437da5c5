import type { Dataset } from '@fsmr/datasets';
import { dice, precision, recall, renderCsv, renderMarkdown, type Table } from '@fsmr/metrics';
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

/**
 * Tables of an evaluation's records, arms in the order of the configuration; JAPC is compared with every other arm.
 *
 * @param raters in the order of the data set
 */
export function evaluationOf(
  records: Iterable<EpisodeRecords>,
  { arms: asked, nan }: Pick<RunConfig['evaluation'], 'arms' | 'nan'>,
  raters?: readonly string[],
): Evaluation {
  const names: readonly string[] = asked;
  const arms = summarise(records, { nan, raters }).sort((a, b) => names.indexOf(a.arm) - names.indexOf(b.arm));
  const japc = arms.find(({ arm }) => arm === 'japc');
  if (japc === undefined) return { arms, comparisons: [] };
  // One support is no sample; the table stands without a test then.
  const others = arms.filter((other) => other !== japc && pairedSupports(japc, other, { nan }).length > 1);
  return { arms, comparisons: others.map((other) => compareArms(japc, other, { nan })) };
}

/** What is written of an evaluation. */
export interface Results {
  readonly folder: RunFolder;
  readonly dataset: Dataset;
  readonly config: RunConfig;
  readonly versions: Versions;
  /** The counts, by arm and episode, in the order they are to be written in. */
  readonly records: readonly EpisodeRecords[];
  readonly found: Evaluation;
  readonly panels: readonly Panel[];
  /** Trained numbers of each arm. */
  readonly parameters: Readonly<Record<string, number>>;
}

/** Writes what was asked, metrics as JSON and CSV, the measures of every scan, and the report. */
export async function writeResults(results: Results): Promise<void> {
  const { folder, dataset, config, versions, records, found, panels, parameters } = results;
  const { arms, comparisons } = found;
  const queries = [...new Set(records.flatMap((episode) => episode.records.map(({ scan }) => scan)))];
  await writeJson(folder.evaluationConfig, config);
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
  await writeAtomically(folder.scansCsv, renderCsv(scanTable(records)));
  const title = config.name ?? `FSMR: ${config.model.method} on ${dataset.name}`;
  await writeAtomically(folder.report, reportPage({ title, arms, comparisons, parameters, panels, config, versions }));
  // Last: whoever finds it takes the evaluation for finished.
  await writeJson(folder.metrics, { config, versions, arms, comparisons, parameters, queries });
}

/** One row a query scan and rater: what the published validation logs beside its means (evaluation section 9.5). */
function scanTable(episodes: readonly EpisodeRecords[]): Table {
  const rows = episodes.flatMap(({ arm, records }) =>
    records.map((record) => [
      ...[arm, record.class, record.support ?? '', record.scan, record.rater],
      ...[dice(record), precision(record), recall(record), record.tp, record.fp, record.fn].map(String),
    ]),
  );
  const names = ['arm', 'class', 'support', 'scan', 'rater', 'dice', 'precision', 'recall', 'tp', 'fp', 'fn'];
  return numberTable(names, rows);
}

/** The tables as text for the terminal. */
export function evaluationText({ arms, comparisons }: Evaluation): string {
  const tables = [diceTable(arms), ...(comparisons.length > 0 ? [comparisonTable(comparisons)] : [])];
  const note = undefinedNote(arms);
  return `${tables.map(renderMarkdown).join('\n').trimEnd()}${note === undefined ? '' : `\n\n${note}`}`;
}
