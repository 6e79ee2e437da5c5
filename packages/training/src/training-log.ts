import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseJsonLines } from './json-lines.js';
import { csvColumns, csvRow, csvTable } from './log-csv.js';
import { bytesUntilStep, fileVersionRecord, scalarRecord } from './log-events.js';
import { scalarsOf } from './log-scalars.js';
import type { TrainReport } from './train.js';

/** Where the log of one training goes, three times the same. */
export interface TrainingLogFiles {
  /** One report a line, everything there is. */
  readonly jsonl: string;
  /** One step a line, one number a column. */
  readonly csv: string;
  /** TensorBoard's event file; its name must contain `tfevents`, and each training needs a folder of its own. */
  readonly events: string;
}

/** An open log. */
export interface TrainingLog {
  /** Adds a step to each file before it returns, so that a kill afterwards loses nothing. */
  readonly write: (report: TrainReport) => void;
}

/**
 * Opens the log of a training that goes on after a step: later steps, which will be done again, and lines that a kill
 * cut short leave all three files. Folders and files that are missing are made.
 *
 * @param step how many steps the state at hand has seen; 0 starts anew
 * @throws InputError where a line of the JSONL file is damaged.
 */
export async function openTrainingLog(files: TrainingLogFiles, step: number): Promise<TrainingLog> {
  for (const file of Object.values(files)) await mkdir(dirname(file), { recursive: true });
  const kept = (await readReports(files.jsonl)).filter((report) => report.step <= step);
  let columns = csvColumns(kept);
  await writeWhole(files.jsonl, kept.map(jsonLine).join(''));
  await writeWhole(files.csv, csvTable(kept, columns));
  await keepEvents(files.events, step);
  return {
    write: (report) => {
      appendFileSync(files.jsonl, jsonLine(report));
      if (csvColumns([report]).every((name) => columns.includes(name))) {
        appendFileSync(files.csv, `${csvRow(report, columns)}\n`);
      } else {
        // The first step, and a stage that brings numbers of its own, give the table its columns from the start.
        const reports = parseReports(readFileSync(files.jsonl, 'utf8'), files.jsonl);
        columns = csvColumns(reports);
        writeFileSync(`${files.csv}.part`, csvTable(reports, columns));
        renameSync(`${files.csv}.part`, files.csv);
      }
      const event = { step: report.step, wallTime: Date.now() / 1000, scalars: scalarsOf(report) };
      appendFileSync(files.events, scalarRecord(event));
    },
  };
}

const jsonLine = (report: TrainReport): string => `${JSON.stringify(report)}\n`;

async function readReports(file: string): Promise<TrainReport[]> {
  return parseReports((await readIfThere(file))?.toString() ?? '', file);
}

const parseReports = (text: string, file: string): TrainReport[] =>
  parseJsonLines(text, file, 'Delete the line to go on without that step in the log.');

/** What cannot be read is not taken for absent: it would be written over. */
async function readIfThere(file: string): Promise<Buffer | undefined> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

async function writeWhole(file: string, content: string): Promise<void> {
  await writeFile(`${file}.part`, content);
  await rename(`${file}.part`, file);
}

/** Cut in place, so that a running TensorBoard keeps reading the same file. */
async function keepEvents(file: string, step: number): Promise<void> {
  const found = (await readIfThere(file)) ?? new Uint8Array(0);
  const end = bytesUntilStep(found, step);
  if (end === 0) await writeFile(file, fileVersionRecord(Date.now() / 1000));
  else if (end < found.length) await truncate(file, end);
}
