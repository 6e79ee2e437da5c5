import { readdir, stat } from 'node:fs/promises';
import { InputError } from '@fsmr/core';
import type { Dataset, DatasetReport } from '@fsmr/datasets';
import { inspect } from '@fsmr/datasets';
import { encodePng } from '@fsmr/imaging';
import { formatPercent, renderMarkdown } from '@fsmr/metrics';
import { buildDataset } from '../config/dataset.js';
import { checkConfig, loadConfig } from '../config/load.js';
import type { RunConfig } from '../config/schema.js';
import { contactSheet } from '../report/contact-sheet.js';
import { numberTable } from '../report/tables.js';
import { exists, writeAtomically, writeJson } from '../run/files.js';
import { createProgress } from '../run/progress.js';
import { checkEpisodes, drawEpisodes, type EpisodePictures } from './episode-pictures.js';

/** What `fsmr inspect` is asked. */
export interface InspectCommand {
  /** A configuration file, or a folder of cases or of prepared scans. */
  readonly source: string;
  readonly json?: string | undefined;
  readonly sheet?: string | undefined;
  /** Training episodes to draw; none when absent. */
  readonly episodes?: EpisodePictures | undefined;
}

/**
 * Looks at every scan of a data set and says what there is, how far raters agree, and what is missing or odd.
 *
 * @param print gets each text as soon as it is there, so that a fault of what comes later loses none
 */
export async function inspectCommand(
  { source, json, sheet, episodes }: InspectCommand,
  print: (text: string) => void,
): Promise<void> {
  if (episodes !== undefined) checkEpisodes(episodes);
  const { dataset, config } = await openSource(source);
  const progress = createProgress('Inspecting');
  const report = await inspect(dataset, { onScan: (done, scans) => progress.update(done, scans) });
  progress.finish();
  print(inspectionText(report, dataset.raters));
  if (json !== undefined) await writeJson(json, report);
  if (sheet !== undefined) await writeAtomically(sheet, encodePng(await contactSheet(dataset)));
  if (episodes !== undefined) print(['', ...(await drawEpisodes(dataset, episodes, config))].join('\n'));
}

/** A data set, with the configuration that somebody wrote for it. */
interface Source {
  readonly dataset: Dataset;
  readonly config?: RunConfig;
}

async function openSource(source: string): Promise<Source> {
  if (!(await exists(source))) {
    throw new InputError('is not there.', {
      file: source,
      remedy: 'Give a configuration file, a folder of cases, or a folder fsmr prepare wrote.',
    });
  }
  if (!(await stat(source)).isDirectory()) {
    const config = await loadConfig(source);
    return { dataset: await buildDataset(config), config };
  }
  // Records without the last file are a preparation that was not finished, which its reader says.
  const prepared = /^(?:preparation\.json|records|image_\d+\.nii(?:\.gz)?)$/;
  const kind = (await readdir(source)).some((name) => prepared.test(name)) ? 'prepared' : 'folder';
  return { dataset: await buildDataset(checkConfig({ data: { kind, folder: source } })) };
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
