import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PseudoLabelJob } from './pseudo-label-files.js';
import { createPseudoLabelPool } from './pseudo-label-pool.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsmr-pool-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A thread that answers, throws, or ends, as the job's output says. */
async function script(): Promise<URL> {
  const file = join(folder, 'worker.mjs');
  await writeFile(
    file,
    `import { parentPort } from 'node:worker_threads';
parentPort.on('message', ({ output }) => {
  if (output === 'throws') throw new Error('boom');
  if (output === 'ends') process.exit(3);
  parentPort.postMessage({ ok: true });
});`,
  );
  return pathToFileURL(file);
}
const job = (output: string) => ({ output }) as unknown as PseudoLabelJob;

describe('a pool of threads', () => {
  it('replaces a thread that died, and says which job it died of', async () => {
    const pool = createPseudoLabelPool({ workers: 1, script: await script() });
    try {
      await expect(pool.run(job('throws'))).rejects.toThrow('boom');
      await pool.run(job('answers'));
      await expect(pool.run(job('ends'))).rejects.toMatchObject({ code: 'engine' });
      // One that waits while the only thread dies gets the next one.
      const [dead, waited] = await Promise.allSettled([pool.run(job('throws')), pool.run(job('answers'))]);
      expect([dead.status, waited.status]).toEqual(['rejected', 'fulfilled']);
    } finally {
      await pool.close();
    }
    await expect(pool.run(job('answers'))).rejects.toMatchObject({ code: 'interrupted' });
  });
});
