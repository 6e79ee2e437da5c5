import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WeightsError } from '@fsmr/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkConfig } from '../config/load.js';
import { runFolder } from './folder.js';
import { learnedIn } from './learned.js';
import type { ArmLearning } from './learning.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fsmr-learned-'));
});
afterEach(() => rm(root, { recursive: true }));

const config = checkConfig({ data: { kind: 'phantom' } });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (read: Uint8Array): string => new TextDecoder().decode(read);
const memoryOf = (index?: number) =>
  learnedIn(config, runFolder(root), undefined, index === undefined ? undefined : { index, count: 2 });

it('goes on from its own checkpoint, and from nobody else’s', async () => {
  const [first, second, whole] = [memoryOf(1), memoryOf(2), memoryOf()];
  await first.write('mrnet-a', bytes('half'), false);
  expect(await first.read('mrnet-a', text)).toBe('half');
  expect(await second.read('mrnet-a', text)).toBeUndefined();
  expect(await whole.read('mrnet-a', text)).toBeUndefined();
});

it('gives what any share finished to the whole run and to other shares, its own first', async () => {
  const [first, second, whole] = [memoryOf(1), memoryOf(2), memoryOf()];
  await first.write('mrnet-a', bytes('half'), false);
  await first.write('mrnet-a', bytes('of 1'), true);
  expect(await readdir(join(root, 'checkpoints'))).toEqual([]);
  expect(await second.read('mrnet-a', text)).toBe('of 1');
  expect(await whole.read('mrnet-a', text)).toBe('of 1');
  await whole.write('mrnet-a', bytes('of all'), true);
  expect(await first.read('mrnet-a', text)).toBe('of 1');
  expect(await whole.read('mrnet-a', text)).toBe('of all');
});

it('does not take a longer name for a share', async () => {
  const [first, whole] = [memoryOf(1), memoryOf()];
  for (const name of ['mrnet-a.1-of-2', 'mrnet-ab', 'mrnet-a.b']) await first.write(name, bytes(name), true);
  await writeFile(join(root, 'weights', 'mrnet-a.1-of-2.safetensors.part'), 'unfinished');
  expect(await whole.read('mrnet-a', text)).toBeUndefined();
});

it('tells trainings apart by how they learn and what they start from', () => {
  const identity = (learning: ArmLearning | undefined) => learnedIn(config, runFolder(root), learning).identity;
  const own = { settings: { epochs: 1 }, start: 'a', scans: 'b' };
  const others = [{ settings: { epochs: 2 } }, { start: 'b' }, { scans: 'c' }].map((one) => ({ ...own, ...one }));
  expect(new Set([own, ...others, undefined].map(identity)).size).toBe(5);
});

it('names the file that cannot be read, and the remedy', async () => {
  const [first, whole] = [memoryOf(1), memoryOf()];
  await first.write('dpersona-a', bytes('damaged'), true);
  const refuse = (): never => {
    throw new WeightsError('is damaged.');
  };
  await expect(whole.read('dpersona-a', refuse)).rejects.toThrow(
    /dpersona-a\.1-of-2\.safetensors.*Delete it to learn again/s,
  );
});
