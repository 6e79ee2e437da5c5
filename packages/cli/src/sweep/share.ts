import { cp, link, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { copyAtomically, exists, namesIn } from '../run/files.js';

/** What training makes; what else lies beside it was learned in an evaluation, whose settings may differ. */
const trained = ['base', 'japc', 'first-half'].map((name) => `${name}.safetensors`);

/**
 * Gives a run folder what another one trained: weights and checkpoints as hard links where the file system has them, since
 * these are never changed in place, and logs, which are, as copies, with what they were made by. What is there stays.
 */
export async function shareTraining(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const [logs, ownLogs] = [join(from, 'logs'), join(to, 'logs')];
  if (await exists(logs)) await cp(logs, ownLogs, { recursive: true, force: false });
  for (const name of ['versions.json', 'start.json']) {
    if (await exists(join(from, name))) await linkOrCopy(join(from, name), join(to, name));
  }
  for (const part of ['weights', 'checkpoints']) {
    const names = (await namesIn(join(from, part))).filter((name) => trained.includes(name));
    if (names.length > 0) await mkdir(join(to, part), { recursive: true });
    for (const name of names) await linkOrCopy(join(from, part, name), join(to, part, name));
  }
}

async function linkOrCopy(source: string, target: string): Promise<void> {
  await link(source, target).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') await copyAtomically(source, target);
  });
}
