import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readNifti, readNiftiLabels } from '@fsmr/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { regionsOfSlice } from '../episode/regions.js';
import { preparedDataset } from '../prepared/prepared.js';
import { classMapOf, readClassMap } from '../protocol/class-map.js';
import { writeRawCurvas } from '../testing/raw-curvas.js';
import type { Dataset } from '../types.js';
import { prepareCurvas } from './curvas.js';

let root: string;
let raw: string;
let out: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fsmr-curvas-'));
  [raw, out] = [join(root, 'raw'), join(root, 'out')];
  await writeRawCurvas(join(raw, 'training_set'), 'UKCHLL002');
  await writeRawCurvas(join(raw, 'training_set'), 'UKCHLL001', [1, 3], 7);
});
afterAll(() => rm(root, { recursive: true }));

// Made once by a separate numpy program from the text of section 8.2, for the same whole-number volume.
const independent = {
  at: [131, 8050, 15969, 23888, 31807, 39726, 47645, 55564, 63483, 71402, 79321, 87240],
  values: [130.0102, 108.3451, 86.6801, 53.2711, 37.5029, 15.8379, 3.8549, 0.6176, 0, 18.485, 126.7965, 209.8147],
  sum: 33647884.6204254,
  squares: 6058816963.913305,
  counts: [
    [236739, 40353, 28143, 25010],
    [245876, 32106, 29205, 23058],
    [236999, 33352, 38788, 21106],
  ],
  placed: [86600167, 80769406, 88243403],
};

describe('CURVAS prepared', () => {
  it('equals what an independent program computes', async () => {
    const record = await prepareCurvas(raw, out, { superpixels: false });
    // Cases in the order of their names: the second one is complete.
    expect(record.cases.map(({ source, number }) => [source, number])).toEqual([
      ['UKCHLL001', 0],
      ['UKCHLL002', 1],
    ]);
    const image = await readNifti(join(out, 'image_1.nii.gz'));
    expect(image.size).toEqual([257, 257, 5]);
    // The origin moved with the crop: 32 pixels in the plane, one slice.
    const origin = [-30 + 32 * 0.7, 12 + 32 * 0.8, 5 + 2.5];
    for (const [axis, spacing] of [0.04375, 0.0375, 3].entries()) {
      expect(image.spacing[axis]).toBeCloseTo(spacing, 6);
      expect(image.origin[axis]).toBeCloseTo(origin[axis]!, 4);
    }
    for (const [i, index] of independent.at.entries()) {
      expect(image.data[index]).toBeCloseTo(independent.values[i]!, 3);
    }
    const sum = image.data.reduce((total, value) => total + value, 0);
    const squares = image.data.reduce((total, value) => total + value * value, 0);
    expect(Math.abs(sum / independent.sum - 1)).toBeLessThan(1e-6);
    expect(Math.abs(squares / independent.squares - 1)).toBeLessThan(1e-6);
    for (const rater of [1, 2, 3]) {
      const { data } = await readNiftiLabels(join(out, `label_1_${rater}.nii.gz`));
      const counts = [0, 0, 0, 0];
      let placed = 0;
      data.forEach((id: number, index: number) => {
        counts[id]!++;
        placed += ((index + 1) % 1009) * id;
      });
      expect(counts).toEqual(independent.counts[rater - 1]);
      expect(placed).toBe(independent.placed[rater - 1]);
    }
    expect(JSON.parse(await readFile(join(out, 'classmap_1.json'), 'utf8'))).toMatchObject({
      BGD: { 1: [0, 1, 2, 3, 4] },
      PANCREAS: { 1: [0, 1, 2, 3] },
      KIDNEY: { 1: [0, 1, 2, 3] },
      LIVER: { 1: [0, 1, 2] },
    });
  });

  it('records what was missing, and does only what is not there', async () => {
    const [first] = (await prepareCurvas(raw, out, { superpixels: false })).cases;
    expect(first).toMatchObject({
      raters: [1, 3],
      warnings: ['UKCHLL001: annotation_2.nii.gz is missing; rater 2 was left out.'],
    });
    const made: string[] = [];
    const onCase = (progress: { source: string; reused: boolean }) => progress.reused || made.push(progress.source);
    await prepareCurvas(raw, out, { superpixels: false, onCase });
    expect(made).toEqual([]);
    await rm(join(out, 'label_1_2.nii.gz'));
    await prepareCurvas(raw, out, { superpixels: false, onCase, verify: true });
    await writeRawCurvas(join(raw, 'training_set'), 'UKCHLL001');
    await prepareCurvas(raw, out, { superpixels: false, onCase });
    expect(made).toEqual(['UKCHLL002', 'UKCHLL001']);
    // A correction of the same size is seen by its date; the same contents written anew are not prepared again.
    const annotation = join(raw, 'training_set', 'UKCHLL001', 'annotation_1.nii.gz');
    await writeFile(annotation, await readFile(annotation));
    await prepareCurvas(raw, out, { superpixels: false, onCase });
    expect(made).toHaveLength(2);
    const labels = join(out, 'label_1_1.nii.gz');
    const bytes = await readFile(labels);
    bytes[9] = bytes[9] === 3 ? 255 : 3;
    await writeFile(labels, bytes);
    await prepareCurvas(raw, out, { superpixels: false, onCase });
    expect(made).toHaveLength(3);
  });

  it('has its superpixels cut the same way when training cuts them, body and all', async () => {
    await prepareCurvas(raw, join(root, 'cut'));
    await prepareCurvas(raw, out, { superpixels: false });
    const [now, later] = [await preparedDataset(join(root, 'cut')), await preparedDataset(out)];
    expect([later.superpixels, now.superpixelOptions]).toEqual([undefined, later.superpixelOptions]);
    const { id } = later.scans[0]!;
    const scan = await later.read(id);
    const area = scan.size[1] * scan.size[2];
    const made = (await now.superpixels!(id)).subarray(0, area);
    expect((await regionsOfSlice(later, scan, 0)).data).toEqual(made);
    expect((await regionsOfSlice({ ...later, superpixelOptions: {} }, scan, 0)).data).not.toEqual(made);
  });

  it('knows no slice by a pixel that a smaller side cuts off, and reads no labels where none is cut', async () => {
    await prepareCurvas(raw, out, { superpixels: false });
    const whole = await preparedDataset(out);
    const cut = await preparedDataset(out, { side: 60 });
    const read = async ({ scans, read }: Dataset) =>
      Object.fromEntries(await Promise.all(scans.map(async ({ id }) => [id, classMapOf(await read(id))] as const)));
    expect(await readClassMap(whole)).toEqual(await read(whole));
    expect(await readClassMap(cut)).toEqual(await read(cut));
    expect(await readClassMap(cut)).not.toEqual(await readClassMap(whole));
    expect([whole.classMap, (await preparedDataset(out, { side: 257 })).classMap]).not.toContain(undefined);
  });

  it('does not take what it prepared beside the cases for one of them', async () => {
    const beside = join(root, 'beside');
    await writeRawCurvas(beside, 'a');
    const prepare = () => prepareCurvas(beside, join(beside, 'prepared'), { superpixels: false });
    expect(await prepare()).toEqual(await prepare());
  });

  it('takes every rater there is, ten after nine', async () => {
    const more = join(root, 'more');
    await writeRawCurvas(more, 'a', [10, 1, 2, 3, 9]);
    const { cases } = await prepareCurvas(more, join(root, 'five'), { superpixels: false });
    expect(cases).toMatchObject([{ raters: [1, 2, 3, 9, 10], warnings: [] }]);
  });

  it('names what is missing or odd', async () => {
    const broken = join(root, 'broken');
    await writeRawCurvas(broken, 'a', []);
    await expect(prepareCurvas(broken, out)).rejects.toMatchObject({ code: 'input', file: join(broken, 'a') });
    await expect(prepareCurvas(join(root, 'nowhere'), out)).rejects.toMatchObject({ code: 'input' });
    await writeRawCurvas(broken, 'a');
    const options = { table: 'CURVASPDAC', superpixels: false } as const;
    await expect(prepareCurvas(broken, join(root, 'pdac'), options)).rejects.toThrow(
      /rater 1: label 2 is none of the 1 classes PDAC/,
    );
  });
});
