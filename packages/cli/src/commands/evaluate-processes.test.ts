import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@fsmr/core';
import type { BundledScripts } from '@fsmr/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exists } from '../run/files.js';
import { runFolder } from '../run/folder.js';
import { isAlive } from '../sweep/wait.js';
import {
  bundleCommand,
  type CommandEnd,
  childrenOf,
  type RunningCommand,
  signal,
  startCommand,
} from './evaluate-processes.fixture.js';
import { tinyConfig } from './tiny-run.fixture.js';

// More kills on demand: FSMR_KILLS=100 npx vitest run packages/cli/src/commands/evaluate-processes
const kills = Number(process.env.FSMR_KILLS ?? 3);

let folder: string;
let scripts: BundledScripts;
let whole: CommandEnd;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsmr-processes-'));
  scripts = await bundleCommand();
  const config = join(folder, 'run.json');
  // Two classes of three supports, both arms: 24 results.
  const evaluation = { classes: ['liver', 'kidney'], arms: ['base' as const, 'japc' as const], panels: 1 };
  const changes = { evaluation, engine: { threads: 1 } };
  await writeFile(config, JSON.stringify(tinyConfig(changes)));
  const trained = join(folder, 'trained');
  expect(await startCommand(scripts, 'train', '--config', config, '--out', trained).ended).toMatchObject({ code: 0 });
  whole = await evaluateIn(await fresh('whole')).ended;
  expect(whole).toMatchObject({ code: 0 });
}, 900_000);
afterAll(async () => {
  await scripts.remove();
  await rm(folder, { recursive: true });
});

/** A copy of the trained run, not yet evaluated. */
async function fresh(name: string): Promise<string> {
  const out = join(folder, name);
  await rm(out, { recursive: true, force: true });
  await cp(join(folder, 'trained'), out, { recursive: true });
  return out;
}

const evaluateIn = (out: string, ...words: string[]) => startCommand(scripts, 'evaluate', '--run', out, ...words);

/** Both workers, which start long before the first result: looking for them then would come late on a busy machine. */
async function workersOf(run: RunningCommand): Promise<number[]> {
  for (;;) {
    const workers = await childrenOf(run.pid);
    if (workers.length === 2) return workers;
  }
}

const linesIn = async (out: string) =>
  (await readFile(runFolder(out).records, 'utf8').catch(() => '')).split('\n').length - 1;

async function expectSameResults(out: string): Promise<void> {
  for (const file of ['metrics', 'metricsCsv', 'records', 'report'] as const) {
    expect(await readFile(runFolder(out)[file], 'utf8'), file).toBe(
      await readFile(runFolder(join(folder, 'whole'))[file], 'utf8'),
    );
  }
}

describe('fsmr evaluate --workers', { timeout: 180_000 }, () => {
  it('says which worker died of what, keeps what is finished, and goes on with another number of workers', async () => {
    // A worker that is killed between two tasks, or after the last, takes nothing with it, and the command succeeds.
    let out: string;
    let end: CommandEnd;
    do {
      out = await fresh('one dies');
      const run = evaluateIn(out, '--workers', '2');
      const [worker] = await workersOf(run);
      await run.wrote('Evaluating');
      signal(worker!, 'SIGKILL');
      end = await run.ended;
    } while (end.code === 0);
    expect(end.code).toBe(1);
    expect(end.output).toMatch(/worker [12] of 2 died at \w+ by phantom\d+ of arm \w+, SIGKILL.*Give the same command/);
    const done = await linesIn(out);
    // The other worker does all but what the dead one had begun: at most two episodes.
    expect(done).toBeGreaterThanOrEqual(24 - 2);
    expect(done).toBeLessThan(24);
    expect(await exists(runFolder(out).metrics)).toBe(false);
    const masks = join(folder, 'masks');
    expect(await evaluateIn(out, '--workers', '3', '--predictions', masks).ended).toMatchObject({ code: 0 });
    await expectSameResults(out);
    // Also of what was counted before: two raters each.
    expect((await readdir(masks, { recursive: true })).filter((name) => name.endsWith('.png'))).toHaveLength(48);
  });

  it('stops its workers at Ctrl-C, and loses nothing they finished', async () => {
    const out = await fresh('stopped');
    const run = evaluateIn(out, '--workers', '2', '--feature-cache', join(folder, 'features'));
    const workers = await workersOf(run);
    await run.wrote('Evaluating');
    for (const pid of [run.pid, ...workers]) signal(pid, 'SIGINT');
    const end = await run.ended;
    expect(end.code).toBe(130);
    expect(workers.filter(isAlive)).toEqual([]);
    const [, done] = /evaluation stopped after (\d+) of 24 episodes/.exec(end.output)!;
    expect(await linesIn(out)).toBe(Number(done));
    expect(await evaluateIn(out, '--feature-cache', join(folder, 'features')).ended).toMatchObject({ code: 0 });
    await expectSameResults(out);
  });
});

describe('an evaluation that is killed', { timeout: 7_200_000 }, () => {
  it(`at ${kills} random moments and started again ends with the same files`, async () => {
    const random = createRandom('kills');
    // Of the last run that got through: on a shared machine it changes, and kills after the end hit nothing.
    let seconds = whole.seconds;
    for (let done = 0, round = 0; done < kills; round++) {
      const out = await fresh(`killed ${round}`);
      // Several kills hit one run, until it gets through.
      for (let finished = false; !finished; ) {
        const run = evaluateIn(out, '--workers', String(random.integer(1, 3)));
        const kill = done < kills;
        const timer = setTimeout(
          () => signal(run.pid, 'SIGKILL'),
          kill ? 1000 * seconds * random.uniform(0.2, 1) : 2 ** 30,
        );
        const end = await run.ended;
        clearTimeout(timer);
        expect([0, null], end.output).toContain(end.code);
        finished = end.code === 0;
        if (finished) seconds = Math.min(seconds, end.seconds);
        else done++;
      }
      await expectSameResults(out);
      await rm(out, { recursive: true });
    }
  });
});
