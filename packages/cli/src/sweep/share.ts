import { copyFile, cp, link, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../run/files.js';

/** What training makes; what else lies beside it was learned in an evaluation, whose settings may differ. */
const trained = ['base', 'japc', 'first-half'].map((name) => `${name}.safetensors`);

/**
 * Gives a run folder what another one trained: weights and checkpoints as hard links where the file system has them, since
 * these are never changed in place, and logs, which are, as copies. What is there stays.
 */
export async function shareTraining(from: string, to: string): Promise<void> {
  if (await exists(join(from, 'logs'))) await cp(join(from, 'logs'), join(to, 'logs'), { recursive: true });
  for (const part of ['weights', 'checkpoints']) {
    const names = (await readdir(join(from, part)).catch(() => [])).filter((name) => trained.includes(name));
    if (names.length > 0) await mkdir(join(to, part), { recursive: true });
    for (const name of names) await linkOrCopy(join(from, part, name), join(to, part, name));
  }
}

async function linkOrCopy(source: string, target: string): Promise<void> {
  await link(source, target).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') await copyFile(source, target);
  });
}
