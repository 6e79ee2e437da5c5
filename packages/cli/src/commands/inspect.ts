import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset, DatasetReport } from '@fsmr/datasets';
import { inspect } from '@fsmr/datasets';
import { encodePng } from '@fsmr/imaging';
import { formatPercent, renderMarkdown } from '@fsmr/metrics';
import { buildDataset } from '../config/dataset.js';
import { checkConfig, loadConfig } from '../config/load.js';
import { contactSheet } from '../report/contact-sheet.js';
import { numberTable } from '../report/tables.js';
import { exists, writeAtomically, writeJson } from '../run/files.js';
import { createProgress } from '../run/progress.js';
import { drawEpisodes, type EpisodePictures } from './episode-pictures.js';

/** What `fsmr inspect` is asked. */
export interface InspectCommand {
  /** A configuration file, or a folder of cases or of prepared scans. */
  readonly source: string;
  readonly json?: string | undefined;
  readonly sheet?: string | undefined;
  /** Training episodes to draw; none when absent. */
  readonly episodes?: EpisodePictures | undefined;
}

/** Looks at every scan of a data set and says what there is, how far raters agree, and what is missing or odd. */
export async function inspectCommand({ source, json, sheet, episodes }: InspectCommand): Promise<string> {
  const dataset = await openSource(source);
  const progress = createProgress('Inspecting');
  const report = await inspect(dataset, { onScan: (done, scans) => progress.update(done, scans) });
  progress.finish();
  if (json !== undefined) await writeJson(json, report);
  if (sheet !== undefined) await writeAtomically(sheet, encodePng(await contactSheet(dataset)));
  const text = inspectionText(report, dataset.raters);
  return episodes === undefined ? text : [text, '', ...(await drawEpisodes(dataset, episodes))].join('\n');
}

async function openSource(source: string): Promise<Dataset> {
  const folder = await stat(source).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!folder) return buildDataset(await loadConfig(source));
  const kind = (await exists(join(source, 'preparation.json'))) ? 'prepared' : 'folder';
  return buildDataset(checkConfig({ data: { kind, folder: source } }));
}

/** A report on a data set as text for the terminal. */
export function inspectionText(report: DatasetReport, raters: readonly string[]): string {
  const { name, modality, scans, groups, slices, sizes, classes, faults } = report;
  const counts = Object.entries(sizes).map(([size, count]) => `${size} (${count})`);
  const drawn = raters.map((rater) => `${rater} (${report.raters[rater] ?? 0})`);
  const lines = [
    `${name}: ${modality}, ${scans} scans${groups === undefined ? '' : ` of ${groups} groups`}, ${slices} slices`,
    `Sizes, slices x height x width (scans): ${counts.join(', ')}`,
    `Raters (scans outlined): ${drawn.join(', ')}`,
    '',
    asText(
      ['class', 'scans', 'slices', 'pairwise Dice (%)', 'Fleiss kappa'],
      classes.map((one) => [
        one.name,
        String(one.scans),
        String(one.slices),
        formatPercent(one.meanPairwiseDice),
        Number.isNaN(one.fleissKappa) ? '-' : one.fleissKappa.toFixed(3),
      ]),
    ),
  ];
  for (const { name: className, pairwiseDice } of raters.length > 2 ? classes : []) {
    const rows = pairwiseDice.map((row, index) => [raters[index]!, ...row.map((dice) => formatPercent(dice))]);
    lines.push('', asText([`${className}: Dice (%)`, ...raters], rows));
  }
  lines.push('', faults.length === 0 ? 'Nothing is missing or odd.' : 'Missing or odd:', ...faults.map(listed));
  return lines.join('\n');
}

const asText = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  renderMarkdown(numberTable(head, rows)).trimEnd();

const listed = (fault: string): string => `- ${fault}`;
