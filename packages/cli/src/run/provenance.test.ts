import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkConfig } from '../config/load.js';
import type { ArmLearning } from './learning.js';
import { checkProvenance, claimRecords, type Provenance } from './provenance.js';

let root: string;
let records: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fsmr-provenance-'));
  records = join(root, 'records.jsonl');
});
afterEach(() => rm(root, { recursive: true }));

const { evaluation } = checkConfig({ data: { kind: 'phantom' } });
const mrnet: ArmLearning = { settings: { epochs: 5 }, start: 'a', scans: 'b' };
const by = (changes: Partial<Provenance>): Provenance => ({
  versions: { fsmr: '1', tfjs: '4', backend: 'cpu' },
  weights: {},
  evaluation,
  ...changes,
});

it('remembers how an arm learned over visits that did not ask for it', async () => {
  await claimRecords(records, by({ learning: { mrnet }, weights: { base: '1' }, data: { x: '1' } }));
  await claimRecords(records, by({ weights: { japc: '2' }, data: { y: '2' } }));
  await checkProvenance(records, by({ learning: { mrnet }, weights: { base: '1', japc: '2' } }));
  for (const [change, fault] of [
    [{ settings: { epochs: 50 } }, 'other settings of mrnet'],
    [{ start: 'c' }, 'an mrnet that starts from other weights'],
    [{ scans: 'c' }, 'an mrnet whose training scans have changed since'],
  ] as const) {
    const other = by({ learning: { mrnet: { ...mrnet, ...change } } });
    await expect(checkProvenance(records, other)).rejects.toMatchObject({
      code: 'config',
      file: records,
      message: expect.stringContaining(fault),
    });
  }
  await expect(checkProvenance(records, by({ weights: { base: '2' } }))).rejects.toThrow('other weights of base');
  await expect(checkProvenance(records, by({ data: { x: '2' } }))).rejects.toThrow('made with another x');
});

it('takes files of earlier versions, which say nothing of learning', async () => {
  await claimRecords(records, by({}));
  await checkProvenance(records, by({ learning: { mrnet } }));
});
