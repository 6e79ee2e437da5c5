import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dataset } from '@fsmr/datasets';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildDataset, classIds, splitScans, supportIds } from './dataset.js';
import { checkConfig } from './load.js';

/** Scans of some classes, in groups of so many. */
function datasetOf(perClass: number, classes: number, perGroup: number): Dataset {
  const scans = Array.from({ length: classes * perClass }, (_, index) => {
    const kind = Math.floor(index / perClass) + 1;
    const group = `${kind}-${Math.floor((index % perClass) / perGroup)}`;
    return { id: `scan${index}`, group, raters: ['r'], classes: [kind] };
  });
  const read = () => Promise.reject(new Error('a split reads nothing'));
  return { name: 'test', raters: ['r'], classes: [], modality: 'other', scans, read };
}

const configOf = (evaluation: number, fold = 0, seed = 1) =>
  checkConfig({ seed, data: { kind: 'phantom' }, split: { evaluation, fold } });
const idsOf = (scans: readonly { id: string }[]) => scans.map(({ id }) => id);

describe('supportIds', () => {
  const scans = idsOf(datasetOf(3, 1, 1).scans);

  it('takes all, names, and positions from either end', () => {
    expect(supportIds(scans, 'all')).toEqual(['scan0', 'scan1', 'scan2']);
    // That a scan is named twice is the plan's business.
    expect(supportIds(scans, [-1, 'scan1', 0, -3])).toEqual(['scan2', 'scan1', 'scan0', 'scan0']);
  });

  it.each([3, -4])('refuses position %d of three', (position) => {
    expect(() => supportIds(scans, [position])).toThrow(
      `there is no position ${position} among 3 scans. Give 0 to 2, -1 for the last, or the name of a scan.`,
    );
  });
});

describe('splitScans', () => {
  it('never divides a group, shows every class on both sides, and is the same for the same seed', () => {
    const counts = [fc.integer({ min: 4, max: 12 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 })];
    fc.assert(
      fc.property(fc.tuple(...counts), fc.nat(50), ([perClass, classes, perGroup], seed) => {
        const dataset = datasetOf(perClass!, classes!, perGroup!);
        const { training, evaluation } = splitScans(dataset, configOf(0.5, 0, seed));
        expect([...idsOf(training), ...idsOf(evaluation)].sort()).toEqual(idsOf(dataset.scans).sort());
        const groups = new Set(training.map(({ group }) => group));
        expect(evaluation.some(({ group }) => groups.has(group))).toBe(false);
        for (const side of [training, evaluation]) {
          expect(new Set(side.flatMap((scan) => scan.classes)).size).toBe(classes);
        }
        expect(splitScans(dataset, configOf(0.5, 0, seed))).toEqual({ training, evaluation });
      }),
      { numRuns: 50 },
    );
  });

  it('evaluates every scan once over the folds', () => {
    const dataset = datasetOf(11, 2, 1);
    const folds = [0, 1, 2, 3, 4].flatMap((fold) => idsOf(splitScans(dataset, configOf(0.2, fold)).evaluation));
    expect(folds.sort()).toEqual(idsOf(dataset.scans).sort());
  });

  it('evaluates a patient once over the folds whose scans show different classes', () => {
    const { scans, ...rest } = datasetOf(12, 2, 1);
    // Twelve patients with a scan of each class, but for one of the first class alone.
    const shared = scans
      .map((scan, index) => ({ ...scan, group: `p${index % 12}` }))
      .filter(({ id }) => id !== 'scan12');
    const dataset = { ...rest, scans: shared };
    const folds = [0, 1, 2, 3, 4].map((fold) => splitScans(dataset, configOf(0.2, fold)));
    expect(folds.flatMap(({ evaluation }) => idsOf(evaluation)).sort()).toEqual(idsOf(shared).sort());
    for (const { training, evaluation } of folds) {
      const trained = new Set(training.map(({ group }) => group));
      expect(evaluation.some(({ group }) => trained.has(group))).toBe(false);
    }
  });

  it('takes all scans for both where the share is 1', () => {
    const dataset = datasetOf(3, 1, 1);
    expect(splitScans(dataset, configOf(1))).toEqual({ training: dataset.scans, evaluation: dataset.scans });
  });

  it('refuses a side without scans', () => {
    expect(() => splitScans(datasetOf(4, 1, 4), configOf(0.5))).toThrow('Change split.evaluation');
    expect(() => splitScans(datasetOf(4, 1, 1), configOf(0.5, 7))).toThrow('4 scans for training and 0 for evaluation');
  });
});

describe('buildDataset', () => {
  it('makes a phantom of the seed, and names a folder that is missing or empty', async () => {
    const dataset = await buildDataset(checkConfig({ data: { kind: 'phantom', scans: 3, size: 64, raters: 2 } }));
    expect(dataset.scans).toHaveLength(3);
    expect(dataset.raters).toEqual(['generous', 'tight']);
    const empty = await mkdtemp(join(tmpdir(), 'fsmr-data-'));
    for (const kind of ['folder', 'bubil', 'lidc', 'prepared']) {
      for (const folder of [join(empty, 'missing'), empty]) {
        const build = buildDataset(checkConfig({ data: { kind, folder } }));
        await expect(build).rejects.toMatchObject({ code: 'input', file: expect.stringContaining(folder) });
      }
    }
    await rm(empty, { recursive: true });
  });
});

describe('classIds', () => {
  const classes = [
    { id: 1, name: 'liver' },
    { id: 2, name: 'kidney' },
  ];

  it('finds classes by name, and names those there are for one it does not know', () => {
    const dataset = { ...datasetOf(1, 1, 1), classes };
    expect(classIds(dataset, ['kidney', 'liver'])).toEqual([2, 1]);
    expect(() => classIds(dataset, ['spleen'])).toThrow('test has no class "spleen". It has liver, kidney.');
  });
});
