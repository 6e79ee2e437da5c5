import { InputError } from '@fsmr/core';
import { sharedFolder, sharedPath } from '@fsmr/testing';
import { describe, expect, it } from 'vitest';
import { folderDataset } from '../folder/folder.js';
import { bubil, lidc } from '../folder/presets.js';
import { preparedDataset } from '../prepared/prepared.js';
import type { Dataset, Scan } from '../types.js';
import { fleissKappa, kappaSums, maskDice } from './agreement.js';
import { inspect } from './inspect.js';

describe('agreement', () => {
  it('Dice of masks, undefined where both are empty', () => {
    expect(maskDice([1, 1, 0, 2], [1, 0, 0, 1], 1)).toBe(0.5);
    expect(maskDice([0, 2], [2, 0], 1)).toBeUndefined();
  });

  it("Fleiss' kappa by hand: three raters, four items", () => {
    // Votes 3, 2, 0, 1: P = (1 + 1/3 + 1 + 1/3) / 4 = 2/3, share = 6/12, chance = 1/2.
    const masks = [
      [1, 1, 0, 1],
      [1, 1, 0, 0],
      [1, 0, 0, 0],
    ];
    expect(fleissKappa([kappaSums(masks, 1)])).toBeCloseTo((2 / 3 - 1 / 2) / (1 / 2), 12);
    const parts = [
      kappaSums(
        masks.map((m) => m.slice(0, 1)),
        1,
      ),
      kappaSums(
        masks.map((m) => m.slice(1)),
        1,
      ),
    ];
    expect(fleissKappa(parts)).toBeCloseTo(1 / 3, 12);
  });
});

describe('inspect', () => {
  it('counts, compares raters, and says what is odd', async () => {
    const scans: Record<string, Scan> = {
      a: {
        id: 'a',
        size: [2, 1, 2],
        image: Float32Array.of(1, 2, 3, 4),
        labels: { r: Uint8Array.of(1, 1, 0, 0), s: Uint8Array.of(1, 0, 0, 0) },
      },
      b: { id: 'b', size: [1, 1, 2], image: Float32Array.of(5, 5), labels: { r: Uint8Array.of(0, 0) } },
    };
    const dataset: Dataset = {
      name: 'set',
      raters: ['r', 's'],
      classes: [{ id: 1, name: 'one' }],
      modality: 'MR',
      scans: ['a', 'b', 'c'].map((id) => ({ id, raters: ['r'], classes: [1] })),
      read: async (id) => {
        if (scans[id] === undefined) throw new InputError('is damaged.', { file: 'c.png' });
        return scans[id];
      },
    };
    const report = await inspect(dataset);
    expect(report).toMatchObject({
      scans: 3,
      slices: 3,
      sizes: { '2 x 1 x 2': 1, '1 x 1 x 2': 1 },
      raters: { r: 2, s: 1 },
      faults: [
        'b: not outlined by s.',
        'b: the mask of rater r is empty.',
        'b: the image has one grey value.',
        'c: c.png: is damaged.',
      ],
    });
    expect(report.classes[0]).toMatchObject({ scans: 1, slices: 1, meanPairwiseDice: 2 / 3 });
    expect(report.classes[0]!.pairwiseDice).toEqual([
      [1, 2 / 3],
      [2 / 3, 1],
    ]);
  });
});

describe('inspect of masks that leave nothing out', () => {
  it('says which rater marked every voxel', async () => {
    const scan: Scan = {
      id: 'a',
      size: [1, 1, 3],
      image: Float32Array.of(1, 2, 3),
      labels: { r: Uint8Array.of(1, 1, 2), s: Uint8Array.of(1, 0, 2) },
    };
    const dataset: Dataset = {
      name: 'set',
      raters: ['r', 's'],
      classes: [1, 2].map((id) => ({ id, name: `class ${id}` })),
      modality: 'other',
      scans: [{ id: 'a', raters: ['r', 's'], classes: [1, 2] }],
      read: async () => scan,
    };
    expect((await inspect(dataset)).faults).toEqual([
      'a: the mask of rater r has no background; every voxel is foreground.',
    ]);
  });
});

describe.skipIf(!sharedFolder)('real data', () => {
  it('bubil: agreement as its manifest has it', async () => {
    const dataset = await folderDataset(sharedPath('data', 'bubil'), bubil);
    const report = await inspect(dataset, { ids: ['fibroblast_m01', 'fibroblast_m02'] });
    expect(report.faults).toEqual([]);
    expect(report.classes[2]!.meanPairwiseDice).toBeCloseTo((0.9201 + 0.8931) / 2, 4);
    expect(report.classes[0]!.scans).toBe(0);
  });

  it('lidc: patients, and agreement as its manifest has it', async () => {
    const dataset = await folderDataset(sharedPath('data', 'lidc'), lidc);
    const ids = dataset.scans.slice(0, 3).map(({ id }) => id);
    const report = await inspect(dataset, { ids });
    expect(report).toMatchObject({ scans: 3, groups: 2, faults: [] });
    expect(report.classes[0]!.meanPairwiseDice).toBeCloseTo((0.9245 + 0.8565 + 0.8756) / 3, 4);
  });

  it('chaost2: one rater, four organs', async () => {
    const dataset = await preparedDataset(sharedPath('data', 'chaost2'), { table: 'CHAOST2' });
    expect(dataset).toMatchObject({ raters: ['rater1'], modality: 'MR' });
    expect(dataset.scans.map(({ id }) => id)).toEqual(['5', '13', '15', '22', '34', '37', '38', '39']);
    const report = await inspect(dataset, { ids: ['13'] });
    expect(report.classes.map(({ scans }) => scans)).toEqual([1, 1, 1, 1]);
  });
});
