import { join } from 'node:path';
import { ConfigError, InputError } from '@fsmr/core';
import { documentHtml, documentLatex, documentMarkdown } from '../report/document.js';
import { groupRuns } from '../report/experiments.js';
import { drawFigures } from '../report/figures.js';
import { longCsv } from '../report/long-csv.js';
import { resultTables } from '../report/result-tables.js';
import { resultsDocument } from '../report/results-document.js';
import { type RunResults, readRunResults } from '../report/run-results.js';
import { writeAtomically } from '../run/files.js';
import { readSweepFolder } from '../sweep/state.js';

/** How a report may be written. */
export const reportFormats = ['html', 'md', 'csv', 'latex'] as const;

/** One of {@link reportFormats}. */
export type ReportFormat = (typeof reportFormats)[number];

/** What `fsmr report` is told. */
export interface ReportOptions {
  /** The folder of a sweep; its finished cells are taken. */
  readonly sweep?: string;
  /** Evaluated run folders. */
  readonly run?: readonly string[];
  readonly out: string;
  readonly formats: readonly ReportFormat[];
  readonly title?: string;
}

/**
 * Writes the tables, tests and figures of evaluated runs, and where each number comes from.
 *
 * @returns the files written.
 * @throws ConfigError where no run is named; InputError where one is not evaluated.
 */
export async function reportCommand({ sweep, run = [], out, formats, title }: ReportOptions): Promise<string[]> {
  const { runs, missing } = sweep === undefined ? { runs: [], missing: [] } : await readSweepRuns(sweep);
  for (const folder of run) runs.push(await readRunResults(folder));
  if (runs.length === 0) {
    throw new ConfigError(['no evaluated run is named.', ...missing].join(' '), { remedy: 'Give --sweep or --run.' });
  }
  const experiments = groupRuns(runs);
  const tables = resultTables(experiments);
  // Tables of numbers alone need no pictures.
  const figures = formats.some((format) => format === 'html' || format === 'md')
    ? await drawFigures(experiments, out)
    : [];
  const document = resultsDocument({ title: title ?? 'Results', experiments, tables, figures, missing });
  const texts: Record<ReportFormat, () => readonly [name: string, text: string]> = {
    html: () => ['report.html', documentHtml(document)],
    md: () => ['report.md', documentMarkdown(document)],
    csv: () => ['results.csv', longCsv(tables.flatMap(({ scores }) => scores))],
    latex: () => ['tables.tex', documentLatex(document)],
  };
  const written: string[] = [];
  for (const format of formats) {
    const [name, text] = texts[format]();
    await writeAtomically(join(out, name), text);
    written.push(join(out, name));
  }
  return written;
}

/** The finished cells of a sweep, and what is to be said of the others. */
async function readSweepRuns(sweep: string): Promise<{ runs: RunResults[]; missing: string[] }> {
  const { cells, plan } = await readSweepFolder(sweep);
  const runs: RunResults[] = [];
  for (const { name, labels, commands, state } of cells) {
    if (state !== 'done') continue;
    const reference = plan.find((cell) => cell.name === name)?.reference;
    const found = await readRunResults(join(sweep, name));
    runs.push({ ...found, labels, commands, ...(reference === undefined ? {} : { reference }) });
  }
  const others = plan.filter(({ name }) => !cells.some((cell) => cell.name === name));
  const missing = cells.flatMap(({ name, state, lastLines }) =>
    state === 'done' ? [] : [`${name} (${state}${lastLines === undefined ? '' : `: ${lastLines.at(-1)}`})`],
  );
  return { runs, missing: [...missing, ...others.map(({ name }) => `${name} (of another share)`)] };
}

/** Formats from a list like `html,md`. @throws InputError for an unknown one. */
export function parseFormats(list: string): ReportFormat[] {
  return list.split(',').map((name) => {
    const found = reportFormats.find((known) => known === name.trim());
    if (found !== undefined) return found;
    throw new InputError(`${JSON.stringify(name)} is no format of a report.`, {
      remedy: `Choose from ${reportFormats.join(', ')}.`,
    });
  });
}
