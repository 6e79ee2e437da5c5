import { createRandom } from '@fsmr/core';
import { describe, expect, it } from 'vitest';
import { checkScan } from './check-scan.js';
import { datasetStatistics } from './episode/normalise.js';
import { realEpisodes } from './episode/real-source.js';
import { contactSheet } from './inspect/contact-sheet.js';
import { inspect } from './inspect/inspect.js';
import { phantomDataset } from './phantom/phantom.js';
import { evaluationEpisodes } from './protocol/plan.js';
import type { Dataset, Scan } from './types.js';

const good: Scan = {
  id: 'a',
  size: [1, 2, 4],
  image: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7),
  labels: { ann: Uint8Array.of(0, 1, 1, 3, 0, 0, 0, 0) },
};
const dataset: Dataset = {
  name: 'mine',
  raters: ['ann', 'ben'],
  classes: [
    { id: 1, name: 'liver' },
    { id: 3, name: 'kidney' },
  ],
  modality: 'CT',
  scans: ['a', 'b'].map((id) => ({ id, raters: ['ann'], classes: [1, 3] })),
  read: async (id) => ({ ...good, id }),
};

/** The error of a scan that differs from the good one. */
function fault(changes: { readonly [Key in keyof Scan]?: unknown }): unknown {
  try {
    checkScan(dataset, 'a', { ...good, ...changes } as Scan);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('checkScan', () => {
  it('gives back a scan without fault', () => {
    expect(checkScan(dataset, 'a', good)).toBe(good);
    expect(fault({ labels: {}, spacing: [5, 1, 1], stored: { mean: 2, std: 1, voxels: 9 } })).toBeUndefined();
    // A view that begins at an odd byte, and a rest of three voxels.
    const bytes = Uint8Array.of(9, 0, 1, 3, 1, 0, 1, 3);
    const rest = { size: [1, 1, 7], image: new Float32Array(7), labels: { ben: bytes.subarray(1) } };
    expect(fault(rest)).toBeUndefined();
  });

  it('names data set and scan where nothing or another scan came', () => {
    for (const [nothing, what] of [
      [undefined, 'undefined'],
      [null, 'null'],
      ['a.nii', 'a string'],
    ] as const) {
      expect(() => checkScan(dataset, 'a', nothing as never)).toThrow(
        `scan a of mine was read as ${what}. Let read answer { id, size, image, labels }.`,
      );
    }
    expect(fault({ id: 'b' })).toMatchObject({
      code: 'input',
      message: 'scan a of mine was read as scan b. Let read answer the scan it is asked for.',
    });
  });

  it('wants a size of three whole positive numbers', () => {
    for (const [size, text] of [
      [[0, 2, 4], '0 x 2 x 4'],
      [[1, 2, 4.5], '1 x 2 x 4.5'],
      [[2, 4], '2 x 4'],
      [undefined, 'undefined'],
    ] as const) {
      expect(fault({ size })).toMatchObject({
        code: 'shape',
        message: `scan a of mine has the size ${text}. Give slices, height and width as whole numbers from 1 on.`,
      });
    }
  });

  it('wants an image of finite values that fills the size', () => {
    expect(fault({ image: new Float32Array(7) })).toMatchObject({
      code: 'shape',
      message:
        'the image of scan a of mine has 7 voxels where 1 x 2 x 4 are 8. Give a value for every voxel [z, y, x], x fastest.',
    });
    expect(fault({ image: [0, 1, 2, 3, 4, 5, 6, 7] })).toMatchObject({
      code: 'input',
      message: 'the image of scan a of mine is no Float32Array. Convert it: Float32Array.from(values).',
    });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(fault({ image: Float32Array.of(0, 1, 2, 3, 4, 5, value, 7) })).toMatchObject({
        code: 'input',
        message: `the image of scan a of mine is ${value} at slice 0, row 1, column 2. Give finite values; 0 where nothing was measured.`,
      });
    }
    expect(fault({ stored: { mean: Number.NaN, std: 1, voxels: 8 } })).toMatchObject({
      code: 'input',
      message: expect.stringContaining('the stored statistics of scan a of mine are no numbers.'),
    });
  });

  it('wants labels of known raters, as long as the image, of the ids of the classes', () => {
    expect(fault({ labels: undefined })).toMatchObject({
      code: 'input',
      message: 'scan a of mine has no labels. Give a Uint8Array a rater, or {} where nobody outlined it.',
    });
    expect(fault({ labels: { carl: new Uint8Array(8) } })).toMatchObject({
      code: 'input',
      rater: 'carl',
      message:
        'rater carl: scan a of mine has labels of a rater whom the data set does not name. Its raters are ann, ben.',
    });
    expect(fault({ labels: { ben: new Uint8Array(6) } })).toMatchObject({
      code: 'shape',
      rater: 'ben',
      message:
        'rater ben: the labels of scan a of mine have 6 voxels where 1 x 2 x 4 are 8. Give a value for every voxel [z, y, x], x fastest.',
    });
    expect(fault({ labels: { ben: new Float32Array(8) } })).toMatchObject({ code: 'input', rater: 'ben' });
    expect(fault({ labels: { ...good.labels, ben: undefined } })).toMatchObject({ code: 'input', rater: 'ben' });
    // In every place of a word, and in the rest of one.
    for (const place of [0, 1, 2, 3, 6]) {
      for (const value of [2, 255]) {
        const ben = new Uint8Array(7).fill(value, place, place + 1);
        expect(fault({ size: [1, 1, 7], image: new Float32Array(7), labels: { ben } })).toMatchObject({
          code: 'input',
          rater: 'ben',
          message: `rater ben: the labels of scan a of mine hold ${value}. Give ids of the classes, 1 (liver), 3 (kidney), and 0 for the background.`,
        });
      }
    }
  });

  it('takes little time', () => {
    const size = [100, 257, 257] as const;
    const voxels = size[0] * size[1] * size[2];
    const drawn = new Uint8Array(voxels).fill(1, voxels / 3, voxels / 2);
    const large: Scan = {
      ...good,
      size,
      image: new Float32Array(voxels).fill(1.5),
      labels: { ann: drawn, ben: drawn },
    };
    checkScan(dataset, 'a', large);
    // Of this process alone, and the least of three, as others may keep the machine busy.
    const times = [1, 2, 3].map(() => {
      const before = process.cpuUsage();
      checkScan(dataset, 'a', large);
      return process.cpuUsage(before).user / 1000;
    });
    expect(Math.min(...times)).toBeLessThan(100);
  });
});

describe('what is read for a user is checked', () => {
  const picture255: Dataset = {
    ...dataset,
    read: async (id) => ({ ...good, id, labels: { ann: Uint8Array.of(0, 255, 255, 0, 0, 0, 0, 0) } }),
  };
  const spoiled: Dataset = {
    ...dataset,
    read: async (id) => ({ ...good, id, image: new Float32Array(8).fill(Number.NaN) }),
  };
  const nothing: Dataset = { ...dataset, read: async () => undefined as never };

  it('where classes are looked for', async () => {
    await expect(evaluationEpisodes(picture255)).rejects.toThrow('rater ann: the labels of scan a of mine hold 255.');
    await expect(evaluationEpisodes(nothing)).rejects.toThrow('scan a of mine was read as undefined.');
  });

  it('where episodes are made of real labels', async () => {
    const classMap = { a: { 1: { ann: [0] } }, b: { 1: { ann: [0] } } };
    const source = await realEpisodes(spoiled, { classMap });
    await expect(source({ random: createRandom(1) })).rejects.toThrow(/image of scan [ab] of mine is NaN at slice 0/);
  });

  it('where statistics are taken, and where pictures are drawn', async () => {
    await expect(datasetStatistics(spoiled, ['a'])).rejects.toThrow('the image of scan a of mine is NaN at slice 0');
    await expect(contactSheet(picture255)).rejects.toThrow('the labels of scan a of mine hold 255.');
  });

  it('where a data set is inspected, which goes on', async () => {
    const phantom = phantomDataset({ seed: 1, scans: 2, size: 32, raters: 2 });
    const read = async (id: string): Promise<Scan> => {
      const scan = await phantom.read(id);
      return id === 'phantom0000' ? { ...scan, image: scan.image.subarray(1) } : scan;
    };
    const { faults, slices } = await inspect({ ...phantom, read });
    expect(slices).toBe(1);
    expect(faults).toEqual([
      expect.stringContaining('the image of scan phantom0000 of phantom has 1023 voxels where 1 x 32 x 32 are 1024.'),
    ]);
  });
});
