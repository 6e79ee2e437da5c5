import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesUntilStep } from './log-events.js';
import type { TrainReport } from './train.js';
import { openTrainingLog, type TrainingLogFiles } from './training-log.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsmr-log-'));
});
afterAll(() => rm(folder, { recursive: true }));

const filesOf = (name: string): TrainingLogFiles => ({
  jsonl: join(folder, name, 'base.jsonl'),
  csv: join(folder, name, 'base.csv'),
  events: join(folder, name, 'tensorboard', 'events.out.tfevents.0'),
});

const report = (step: number, changes: Partial<TrainReport> = {}): TrainReport => ({
  step,
  steps: 4,
  stage: 'base',
  learningRate: 0.5,
  learningRates: { head: 1 },
  total: 4,
  segmentation: 3,
  alignment: 1,
  calibration: 0,
  auxiliary: {},
  gradientNorm: 2,
  secondsLeft: 9,
  seconds: 0.25,
  dataSeconds: 0.125,
  ...changes,
});

async function write(files: TrainingLogFiles, from: number, reports: readonly TrainReport[]): Promise<void> {
  const log = await openTrainingLog(files, from);
  for (const each of reports) log.write(each);
}

const lines = async (file: string) => (await readFile(file, 'utf8')).split('\n');
const header =
  'step,stage,loss/total,loss/segmentation,loss/alignment,loss/calibration,learning_rate,learning_rate/head,gradient_norm,seconds/step,seconds/data';

describe('a training log', () => {
  it('has every number of every step in all three files', async () => {
    const files = filesOf('whole');
    await write(files, 0, [report(1), report(2, { stage: 'raters, many' })]);
    expect((await lines(files.jsonl)).slice(0, 2).map((line) => JSON.parse(line))).toEqual([
      report(1),
      report(2, { stage: 'raters, many' }),
    ]);
    expect(await lines(files.csv)).toEqual([
      header,
      '1,base,4,3,1,0,0.5,1,2,0.25,0.125',
      '2,"raters, many",4,3,1,0,0.5,1,2,0.25,0.125',
      '',
    ]);
    const events = await readFile(files.events);
    expect(bytesUntilStep(events, 2)).toBe(events.length);
    expect(events.includes('loss/calibration')).toBe(true);
  });

  it('loses the steps after the checkpoint when a run goes on, and what a kill cut short', async () => {
    const [files, straight] = [filesOf('killed'), filesOf('straight')];
    await write(files, 0, [report(1), report(2), report(3)]);
    await appendFile(files.jsonl, '{"step":4,"to');
    await appendFile(files.csv, '4,ba');
    await appendFile(files.events, Uint8Array.of(55, 0, 0));
    await write(files, 1, [report(2), report(3), report(4)]);
    await write(
      straight,
      0,
      [1, 2, 3, 4].map((step) => report(step)),
    );
    for (const kind of ['jsonl', 'csv'] as const) expect(await lines(files[kind])).toEqual(await lines(straight[kind]));
    // Records of a step differ in nothing but the time of day, which has the same length always.
    expect((await stat(files.events)).size).toBe((await stat(straight.events)).size);
    const events = await readFile(files.events);
    expect([0, 1, 2, 3].map((step) => bytesUntilStep(events, step) < bytesUntilStep(events, step + 1))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    await write(files, 0, []);
    expect(await lines(files.csv)).toEqual(['step,stage', '']);
  });

  it('gives the table the columns a later stage brings', async () => {
    const files = filesOf('columns');
    await write(files, 0, [report(1), report(2, { auxiliary: { periphery: 0.5 } }), report(3)]);
    const [names, ...rows] = await lines(files.csv);
    expect(names).toBe(`${header},loss/periphery`);
    expect(rows.map((row) => row.split(',').at(-1))).toEqual(['', '0.5', '', '']);
  });

  it('names the line that is damaged', async () => {
    const files = filesOf('damaged');
    await write(files, 0, [report(1)]);
    await writeFile(files.jsonl, `nonsense\n${JSON.stringify(report(1))}\n`);
    await expect(openTrainingLog(files, 1)).rejects.toMatchObject({ code: 'input', file: files.jsonl });
  });
});
