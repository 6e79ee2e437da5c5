import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRandom } from '@fsmr/core';
import { type BundledScripts, bundleScripts } from '@fsmr/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunConfigInput } from '../config/schema.js';
import { runFolder } from '../run/folder.js';

// More kills on demand: FSMR_KILLS=200 npx vitest run packages/cli/src/commands/kill
const kills = Number(process.env.FSMR_KILLS ?? 3);

const config: RunConfigInput = {
  seed: 7,
  data: { kind: 'phantom', scans: 6, size: 64, raters: 2 },
  model: { backbone: 'tiny', channels: 8, methodOptions: { protoGridSize: 2 } },
  training: { steps: 16, learningRate: 0.01, superpixelArea: 40, checkpointEvery: 3 },
  evaluation: { panels: 0 },
  engine: { threads: 1, loaders: 1 },
};

let root: string;
let scripts: BundledScripts;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fsmr-kill-'));
  await writeFile(join(root, 'run.json'), JSON.stringify(config));
  scripts = await bundleScripts(
    {
      main: new URL('../main.ts', import.meta.url),
      'episode-worker': new URL('../episode-worker.ts', import.meta.url),
    },
    new URL('../../../tfjs-backend-onnxruntime/', import.meta.url),
  );
});
afterAll(async () => {
  await scripts.remove();
  await rm(root, { recursive: true });
});

interface Ended {
  readonly finished: boolean;
  /** Milliseconds from the start of the engine to the end. */
  readonly worked: number;
}

/** Runs the command in a process of its own; kills it so many milliseconds after its engine started, if asked to. */
function fsmr(words: readonly string[], killAfter?: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(scripts.at('main')), ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    let started = 0;
    child.stderr.on('data', (chunk: Buffer) => {
      text += String(chunk);
      if (started > 0 || !text.includes('Engine:')) return;
      started = performance.now();
      if (killAfter !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfter);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code !== 0 && signal !== 'SIGKILL') reject(new Error(`fsmr ${words.join(' ')} ended with ${code}: ${text}`));
      else resolve({ finished: code === 0, worked: performance.now() - started });
    });
  });
}

const train = (out: string) => ['train', '--config', join(root, 'run.json'), '--out', out];
const evaluate = (out: string) => ['evaluate', '--run', out];

/** Everything that must not depend on kills: weights, results, and logs but for the time of day. */
async function results(out: string) {
  const folder = runFolder(out);
  const arms = ['base', 'japc'] as const;
  const logs = ['first-half', ...arms].map((name) => folder.logs(name));
  return {
    weights: await Promise.all(arms.map((arm) => readFile(folder.weights(arm)))),
    metrics: await readFile(folder.metricsCsv, 'utf8'),
    jsonl: await Promise.all(
      logs.map(async ({ jsonl }) =>
        (await readFile(jsonl, 'utf8'))
          .trim()
          .split('\n')
          .map((line) => {
            const { seconds, dataSeconds, secondsLeft, ...report } = JSON.parse(line);
            return report;
          }),
      ),
    ),
    csv: await Promise.all(
      logs.map(async ({ csv }) =>
        (await readFile(csv, 'utf8')).split('\n').map((line) => line.split(',').slice(0, -2)),
      ),
    ),
    // Times of day and numbers have one length each, so files of the same steps are of one size.
    events: await Promise.all(logs.map(async ({ events }) => (await stat(events)).size)),
  };
}

it(`ends the same after ${kills} kills at random moments of training and evaluation`, {
  timeout: 300_000 + kills * 60_000,
}, async () => {
  const whole = join(root, 'whole');
  const training = await fsmr(train(whole));
  const evaluation = await fsmr(evaluate(whole));
  const expected = await results(whole);
  expect(expected.jsonl.map((reports) => reports.map(({ step }) => step))).toEqual([
    [1, 2, 3, 4, 5, 6, 7, 8],
    [9, 10, 11, 12, 13, 14, 15, 16],
    [9, 10, 11, 12, 13, 14, 15, 16],
  ]);
  const random = createRandom('kills');
  let done = 0;
  const most = Math.min(10, Math.ceil(kills / 2));
  /** Kills a command again and again, within half the time it takes, until it gets through. */
  const survive = async (words: readonly string[], usual: number): Promise<number> => {
    let own = 0;
    // On a shared machine the usual time changes, and kills after the end hit nothing.
    let worked = usual;
    for (let finished = false; !finished; ) {
      const doomed = done < kills && own < most;
      const result = await fsmr(words, doomed ? random.uniform(0, worked / 2) : undefined);
      finished = result.finished;
      if (finished) {
        worked = Math.min(worked, result.worked);
        continue;
      }
      own++;
      done++;
    }
    return worked;
  };
  let [trains, evaluates] = [training.worked, evaluation.worked];
  for (let round = 0; done < kills; round++) {
    const out = join(root, `killed ${round}`);
    trains = await survive(train(out), trains);
    evaluates = await survive(evaluate(out), evaluates);
    expect(await results(out)).toEqual(expected);
    await rm(out, { recursive: true });
    if (process.env.FSMR_KILLS !== undefined) process.stdout.write(`${done} kills, ${round + 1} runs the same\n`);
  }
});
