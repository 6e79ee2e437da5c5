import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { shareTraining } from './share.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fsmr-share-'));
});
afterAll(() => rm(root, { recursive: true }));

it('links what training made, and nothing that was learned in an evaluation of other settings', async () => {
  const [from, to] = [join(root, 'from'), join(root, 'to')];
  const files = {
    weights: ['base.safetensors', 'japc.safetensors', 'mrnet-liver-a.safetensors', 'supervised-liver.safetensors'],
    checkpoints: ['first-half.safetensors', 'japc.safetensors.part', 'dpersona-liver-a.safetensors'],
    logs: ['base.jsonl', 'japc.jsonl'],
  };
  for (const [part, names] of Object.entries(files)) {
    await mkdir(join(from, part), { recursive: true });
    for (const name of names) await writeFile(join(from, part, name), name);
  }
  for (const name of ['versions.json', 'start.json', 'metrics.json']) await writeFile(join(from, name), name);
  for (const part of ['weights', 'logs']) await mkdir(join(to, part), { recursive: true });
  await writeFile(join(to, 'logs', 'japc.jsonl'), 'its own');
  await writeFile(join(to, 'weights', 'japc.safetensors'), 'its own');
  await shareTraining(from, to);
  expect(await readdir(join(to, 'weights'))).toEqual(['base.safetensors', 'japc.safetensors']);
  expect(await readdir(join(to, 'checkpoints'))).toEqual(['first-half.safetensors']);
  expect(await readdir(join(to, 'logs'))).toEqual(['base.jsonl', 'japc.jsonl']);
  expect(await readFile(join(to, 'logs', 'japc.jsonl'), 'utf8')).toBe('its own');
  expect((await readdir(to)).sort()).toEqual(['checkpoints', 'logs', 'start.json', 'versions.json', 'weights']);
  expect(await readFile(join(to, 'weights', 'japc.safetensors'), 'utf8')).toBe('its own');
  const inode = async (folder: string) => (await stat(join(folder, 'weights', 'base.safetensors'))).ino;
  expect(await inode(to)).toBe(await inode(from));
});
