import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRandom } from '@fsmr/core/random';
import { createVolume, readNiftiLabels, writeNifti } from '@fsmr/imaging';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PseudoLabelJob } from './pseudo-label-files.js';
import { makePseudoLabels, type PseudoLabelProgress } from './pseudo-label-workers.js';

let folder: string;
let script: URL;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsmr-workers-'));
  await mkdir(join(folder, 'out'));
  // What the package's build does: threads load JavaScript, not TypeScript.
  await build({
    entryPoints: [new URL('./worker.ts', import.meta.url).pathname],
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@fsmr/source'],
    outfile: join(folder, 'worker.mjs'),
    logLevel: 'silent',
    banner: {
      js: "import { createRequire as forBundle } from 'node:module'; const require = forBundle(import.meta.url);",
    },
  });
  script = pathToFileURL(join(folder, 'worker.mjs'));
  const random = createRandom('scans');
  for (let k = 0; k < 4; k++) {
    const data = Float32Array.from({ length: 24 * 20 * 2 }, (_, i) => (i % 24 < 12 ? 20 : 120) + random.next());
    await writeNifti(join(folder, `image_${k}.nii.gz`), createVolume(data, [24, 20, 2], { spacing: [1, 1, 3] }));
  }
});

afterAll(() => rm(folder, { recursive: true }));

const jobs = (name: string): PseudoLabelJob[] =>
  [0, 1, 2, 3].map((k) => ({
    image: join(folder, `image_${k}.nii.gz`),
    labels: join(folder, 'out', `${name}_${k}.nii.gz`),
    foreground: join(folder, 'out', `${name}_fg_${k}.nii.gz`),
    method: { kind: 'superpixels', minimumSize: 50, foregroundThreshold: 1e-4 },
  }));

describe('pseudo labels of a data set', () => {
  it('are the same from threads as from this thread, with progress', async () => {
    const seen: PseudoLabelProgress[] = [];
    await makePseudoLabels(jobs('threads'), { workers: 2, script, onProgress: (progress) => seen.push(progress) });
    expect(seen.map(({ done, total }) => [done, total])).toEqual([1, 2, 3, 4].map((done) => [done, 4]));
    await makePseudoLabels(jobs('here'), { workers: 0 });
    for (let k = 0; k < 4; k++) {
      const [a, b] = await Promise.all(['threads', 'here'].map((name) => readFile(jobs(name)[k]!.labels)));
      expect(Buffer.compare(a!, b!)).toBe(0);
    }
    const labels = await readNiftiLabels(jobs('here')[0]!.labels);
    expect(labels).toMatchObject({ size: [24, 20, 2], spacing: [1, 1, 3] });
    expect(new Set(labels.data).size).toBeGreaterThan(1);
    expect((await readNiftiLabels(jobs('here')[0]!.foreground!)).data.every((value) => value === 1)).toBe(true);
  });
  it('name the scan that cannot be read, from a thread as well', async () => {
    const bad = join(folder, 'bad.nii');
    await writeFile(bad, 'no volume');
    for (const workers of [0, 1]) {
      const work = makePseudoLabels([{ ...jobs('bad')[0]!, image: bad }], { workers, script });
      await expect(work).rejects.toMatchObject({ code: 'input', file: bad });
      await expect(work).rejects.toThrow(new RegExp(`^${bad}: this is not a NIfTI file\\. Give a .nii`));
    }
  });
  it('make supervoxels too, and stop when asked', async () => {
    const volumes = jobs('sv').map((job) => ({ ...job, method: { kind: 'supervoxels', minimumSize: 100 } as const }));
    await makePseudoLabels(volumes.slice(0, 1), { workers: 0 });
    expect((await readNiftiLabels(volumes[0]!.labels)).size).toEqual([24, 20, 2]);
    for (const workers of [0, 2]) {
      const stop = new AbortController();
      const work = makePseudoLabels(jobs(`stop${workers}`), {
        workers,
        script,
        signal: stop.signal,
        onProgress: () => stop.abort(),
      });
      await expect(work).rejects.toMatchObject({ code: 'interrupted' });
    }
    await expect(makePseudoLabels([], { workers: -1 })).rejects.toThrow(/integer from 0 on/);
  });
});
