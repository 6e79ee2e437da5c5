import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeJson } from '../run/files.js';
import { runFolder } from '../run/folder.js';
import { madeUpRun } from './results.fixture.js';
import { readRunResults } from './run-results.js';
import { traceCommands } from './trace.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fsmr-trace-'));
});
afterEach(() => rm(root, { recursive: true }));

const dice = { base: { red: { s: { ann: 40 } } }, japc: { red: { s: { ann: 60 } } } };

it('says how a run is made again, and with which configuration it was evaluated', async () => {
  const folder = await madeUpRun(join(root, 'a b'), {}, dice);
  const files = runFolder(folder);
  const again = `fsmr train --config '${folder}/config.json' --out '${folder}-again' && fsmr evaluate --run '${folder}-again'`;
  const metrics = JSON.parse(await readFile(files.metrics, 'utf8'));
  await writeJson(files.evaluationConfig, metrics.config);
  expect(traceCommands([await readRunResults(folder)])).toBe(again);
  const config = { ...metrics.config, evaluation: { ...metrics.config.evaluation, arms: ['japc', 'base'] } };
  await writeJson(files.metrics, { ...metrics, config });
  await writeJson(files.evaluationConfig, config);
  expect(traceCommands([await readRunResults(folder)])).toBe(`${again} --config '${folder}/evaluation/config.json'`);
  // That of an evaluation which was killed before it wrote tables.
  await writeJson(files.evaluationConfig, metrics.config);
  expect(traceCommands([await readRunResults(folder)])).toBe(again);
});

it('takes the commands a sweep wrote down', async () => {
  const run = await readRunResults(await madeUpRun(join(root, 'a'), {}, dice));
  expect(traceCommands([{ ...run, commands: ['one', 'two'] }, run])).toBe(
    `one\ntwo\nfsmr train --config ${root}/a/config.json --out ${root}/a-again && fsmr evaluate --run ${root}/a-again`,
  );
});
