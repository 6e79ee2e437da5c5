import { scalarsOf } from './log-scalars.js';
import type { TrainReport } from './train.js';

/** The columns a table of these steps needs, in the order in which they first appear. */
export function csvColumns(reports: Iterable<TrainReport>): string[] {
  const columns = new Set(['step', 'stage']);
  for (const report of reports) for (const name of Object.keys(scalarsOf(report))) columns.add(name);
  return [...columns];
}

/** One line a step and a line of names; a cell is empty where a step has no such number. */
export function csvTable(reports: readonly TrainReport[], columns: readonly string[]): string {
  return [columns.map(quoted).join(','), ...reports.map((report) => csvRow(report, columns)), ''].join('\n');
}

/** The line of one step. */
export function csvRow(report: TrainReport, columns: readonly string[]): string {
  const cells: Readonly<Record<string, string | number>> = {
    step: report.step,
    stage: report.stage,
    ...scalarsOf(report),
  };
  return columns.map((name) => quoted(String(cells[name] ?? ''))).join(',');
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
