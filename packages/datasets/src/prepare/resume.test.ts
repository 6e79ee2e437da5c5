import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRandom } from '@fsmr/core';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preparedDataset } from '../prepared/prepared.js';
import { writeRawCurvas } from '../testing/raw-curvas.js';
import { prepareCurvas } from './curvas.js';

// More kills on demand: FSMR_KILLS=50 npx vitest run packages/datasets/src/prepare/resume
const kills = Number(process.env.FSMR_KILLS ?? 6);
const superpixels = process.env.FSMR_KILLS !== undefined;

let root: string;
let script: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fsmr-resume-'));
  script = join(root, 'child.js');
  await writeFile(join(root, 'package.json'), '{ "type": "module" }');
  // The worker lies beside its package's code, as in a build.
  const worker = new URL('../../../pseudo-labels/src/worker.ts', import.meta.url);
  await build({
    entryPoints: {
      child: fileURLToPath(new URL('../testing/prepare-child.ts', import.meta.url)),
      worker: fileURLToPath(worker),
    },
    outdir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@fsmr/source'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  for (const [index, source] of ['a', 'b', 'c'].entries())
    await writeRawCurvas(join(root, 'raw'), source, [1, 2, 3], index);
});
afterAll(() => rm(root, { recursive: true }));

/**
 * Runs the preparation in a process of its own, with superpixels where a number of threads is given; kills it so many
 * milliseconds after its start, if asked to.
 */
function run(out: string, workers?: number, killAfter?: number): Promise<{ finished: boolean; worked: number }> {
  return new Promise((resolve, reject) => {
    const threads = workers === undefined ? [] : [String(workers)];
    const child = spawn(process.execPath, [script, join(root, 'raw'), out, ...threads], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    let started = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      text += String(chunk);
      if (started > 0) return;
      started = performance.now();
      if (killAfter !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfter);
    });
    child.on('error', reject);
    child.on('close', () => resolve({ finished: text.includes('finished'), worked: performance.now() - started }));
  });
}

/** The hash of every file below a folder. */
async function contents(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const hashes = await Promise.all(
    files.sort().map(async (file) => [
      file.slice(folder.length),
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    ]),
  );
  return Object.fromEntries(hashes);
}

it('makes the same files with any number of threads', { timeout: 120_000 }, async () => {
  const made: Record<string, string>[] = [];
  for (const workers of [0, 1, 3]) {
    const out = join(root, `threads ${workers}`);
    expect((await run(out, workers)).finished).toBe(true);
    made.push(await contents(out));
  }
  expect(Object.keys(made[0]!)).toContain('/superpix-MIDDLE_2.nii.gz');
  expect(made[1]).toEqual(made[0]);
  expect(made[2]).toEqual(made[0]);
});

describe('a preparation that is killed', () => {
  it(`at ${kills} random moments and started again ends with the same files`, { timeout: 900_000 }, async () => {
    const whole = await run(join(root, 'whole'), superpixels ? 0 : undefined);
    expect(whole.finished).toBe(true);
    const expected = await contents(join(root, 'whole'));
    expect(Object.keys(expected)).toContain('/preparation.json');
    const random = createRandom('kills');
    // Of the last run that got through: on a shared machine it changes, and kills after the end hit nothing.
    let { worked } = whole;
    for (let done = 0, round = 0; done < kills; round++) {
      const out = join(root, `killed ${round}`);
      // Several kills hit one run, until it gets through.
      for (let finished = false; !finished; ) {
        const killAfter = done < kills ? random.uniform(0, worked) : undefined;
        const result = await run(out, superpixels ? 2 : undefined, killAfter);
        finished = result.finished;
        if (finished) worked = Math.min(worked, result.worked);
        else done++;
      }
      expect(await contents(out)).toEqual(expected);
      await rm(out, { recursive: true });
    }
  });

  it('stops between cases when told to, and goes on', async () => {
    const out = join(root, 'stopped');
    const stop = new AbortController();
    const control = { superpixels };
    const stopped = prepareCurvas(join(root, 'raw'), out, {
      ...control,
      signal: stop.signal,
      onCase: () => stop.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted', remedy: 'Start again to go on.' });
    await expect(preparedDataset(out)).rejects.toThrow('the preparation of this folder was not finished');
    const reused: boolean[] = [];
    await prepareCurvas(join(root, 'raw'), out, { ...control, onCase: (progress) => reused.push(progress.reused) });
    expect(reused).toEqual([true, false, false]);
    expect((await preparedDataset(out)).scans).toHaveLength(3);
  });
});
