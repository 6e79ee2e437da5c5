import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '@fsmr/datasets';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tinyConfig } from '../commands/tiny-run.fixture.js';
import { buildDataset, splitScans } from '../config/dataset.js';
import type { RunConfig } from '../config/schema.js';
import { runFolder } from './folder.js';
import { learningOf } from './learning.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fsmr-learning-'));
});
afterEach(() => rm(root, { recursive: true }));

const asking = (arms: RunConfig['evaluation']['arms'], model: Partial<RunConfig['model']> = {}): RunConfig => {
  const config = tinyConfig({ evaluation: { arms, baselines: { mrnet: { width: 4 }, supports: 1 } } });
  return { ...config, model: { ...config.model, ...model } };
};

it('says how each arm learns that is asked for, and from which weights', async () => {
  const config = asking(['base', 'mrnet', 'dpersona']);
  const dataset = await buildDataset(config);
  const common = { epochs: 50, augmentation: 'sabs_aug', start: 'backbone' };
  expect(await learningOf(config, runFolder(root), dataset)).toEqual({
    mrnet: { settings: { ...common, width: 4 } },
    dpersona: { settings: common },
  });
  const weights = join(root, 'resnet.npz');
  const startsFrom = async (content: string) => {
    await writeFile(weights, content);
    return (await learningOf(asking(['mrnet'], { weights }), runFolder(root), dataset)).mrnet!.start;
  };
  expect(await startsFrom('of ImageNet')).toMatch(/^[0-9a-f]{64}$/);
  expect(await startsFrom('of CT')).not.toBe(await startsFrom('of ImageNet'));
  await rm(weights);
  const missing = learningOf(asking(['mrnet'], { weights }), runFolder(root), dataset);
  await expect(missing).rejects.toMatchObject({ code: 'weights', file: weights });
  expect(await learningOf(asking(['base'], { weights }), runFolder(root), dataset)).toEqual({});
});

it('knows a corrected outline of a scan that the supervised bound learns from, and of no other', async () => {
  const config = asking(['supervised']);
  const dataset = await buildDataset(config);
  const { training, evaluation } = splitScans(dataset, config);
  const corrected = (id: string): Dataset => ({
    ...dataset,
    read: async (wanted) => {
      const scan = await dataset.read(wanted);
      if (wanted !== id) return scan;
      const [rater, labels] = Object.entries(scan.labels)[0]!;
      return { ...scan, labels: { ...scan.labels, [rater]: labels.map((label, i) => (i === 0 ? 1 - label : label)) } };
    },
  });
  const hash = async (of: Dataset) => (await learningOf(config, runFolder(root), of)).supervised!.scans;
  const known = await hash(dataset);
  expect(await hash(corrected(training[0]!.id))).not.toBe(known);
  expect(await hash(corrected(evaluation[0]!.id))).toBe(known);
});
