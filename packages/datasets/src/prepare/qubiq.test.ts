import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLabelVolume, createVolume, readNifti, readNiftiLabels, writeNifti } from '@fsmr/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preparedDataset } from '../prepared/prepared.js';
import { prepareQubiq } from './qubiq.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fsmr-qubiq-'));
});
afterAll(() => rm(root, { recursive: true }));

const grid = <Data extends Float32Array | Uint8Array>(
  data: Data,
  [nx, ny]: readonly number[],
  at: (x: number, y: number, z: number) => number,
): Data => {
  for (let i = 0; i < data.length; i++) data[i] = at(i % nx!, Math.floor(i / nx!) % ny!, Math.floor(i / (nx! * ny!)));
  return data;
};
const placed = (data: ArrayLike<number>): number =>
  Array.from(data).reduce((sum, v, i) => sum + ((i + 1) % 1009) * v, 0);
const total = (data: ArrayLike<number>): number => Array.from(data).reduce((sum, v) => sum + v, 0);

// The expected numbers come from a separate numpy program, written from the text of section 8.3.
describe('QUBIQ prepared', () => {
  it('a two-dimensional MR task: percentile, labels of other grids and values, numbers of cases', async () => {
    const training = join(root, 'train');
    const folder = join(training, 'brain-growth', 'Training');
    const validation = join(root, 'valid');
    const place = { spacing: [1, 1.25, 1] } as const;
    for (const source of ['case02', 'case01', 'case00', 'case03']) {
      await mkdir(join(folder, source), { recursive: true });
      if (source === 'case00' || source === 'case03') continue;
      const data = grid(new Float32Array(9000), [100, 90], (x, y) => (x * x * 3 + y * 17 + x * y) % 997);
      await writeNifti(join(folder, source, 'image.nii.gz'), createVolume(data, [100, 90, 1], place), {
        dimensions: 2,
      });
    }
    const first = grid(new Uint8Array(9000), [100, 90], (x, y) => ((x - 51) ** 2 + (y - 45) ** 2 <= 441 ? 1 : 0));
    const second = grid(new Uint8Array(2250), [50, 45], (x, y) => ((x - 25) ** 2 + (y - 22) ** 2 <= 121 ? 255 : 0));
    const coarse = { spacing: [2, 2.5, 1], origin: [0.5, 0.25, 40] } as const;
    const file = (name: string) => join(folder, 'case02', `task01_${name}.nii.gz`);
    await writeNifti(file('seg01'), createLabelVolume(first, [100, 90, 1], place), { dimensions: 2 });
    await writeNifti(join(folder, 'case03', 'task01_seg01.nii.gz'), createLabelVolume(first, [100, 90, 1], place));
    await writeNifti(file('seg10'), createLabelVolume(second, [50, 45, 1], coarse));

    const [record, ...others] = await prepareQubiq({ training, validation }, join(root, 'out'));
    expect(others).toEqual([]);
    // case00 has no image and gets no number; case01 has no label and keeps its number 0.
    expect(record!.cases.map(({ source, number, raters }) => [source, number, raters])).toEqual([
      ['case02', 1, [1, 10]],
    ]);
    expect(record!.warnings).toEqual([
      'case03: there are labels but no image.nii.gz; the case was left out.',
      'case01: there is no label of subtask 1; the case was left out.',
    ]);
    expect(record!.cases[0]!.warnings).toEqual([]);
    expect(record).toMatchObject({ modality: 'MR', names: ['BGD', 'BRAIN_GROWTH_1'] });
    const out = join(root, 'out', 'brain-growth', 'task01', 'Training');
    const image = await readNifti(join(out, 'image_1.nii.gz'));
    expect([...image.size, ...image.spacing]).toEqual([256, 256, 1, 100 / 256, Math.fround((1.25 * 90) / 256), 1]);
    expect(Math.max(...image.data)).toBeLessThanOrEqual(991);
    const values = [705.75, 638.4382, 518.8347, 519.7988, 640.4868, 880.2424, 244.0344, 724.0815];
    for (const [k, value] of values.entries()) expect(image.data[(k * 7919 + 131) % 65536]).toBeCloseTo(value, 2);
    expect(Math.abs(total(image.data) / 32237881.657348633 - 1)).toBeLessThan(1e-6);
    const labels = await Promise.all([1, 10].map((rater) => readNiftiLabels(join(out, `label_1_${rater}.nii.gz`))));
    expect(labels.map(({ data }) => [total(data), placed(data)])).toEqual([
      [10004, 5070974],
      [11011, 5579028],
    ]);

    const dataset = await preparedDataset(out);
    expect(dataset).toMatchObject({ raters: ['rater1', 'rater10'], classes: [{ id: 1, name: 'BRAIN_GROWTH_1' }] });
    expect(await dataset.classMap?.()).toEqual({ 1: { 1: { rater1: [0], rater10: [0] } } });
    const scan = await dataset.read('1');
    expect(scan.image).toEqual(image.data);
    expect(scan.stored).toBeUndefined();
    expect(await dataset.superpixels!('1')).toHaveLength(65536);
  });

  it('a CT task with the slices along the first axis, named caseTT', async () => {
    const validation = join(root, 'raw-validation');
    const folder = join(validation, 'pancreas', 'Validation', 'patient1');
    await mkdir(folder, { recursive: true });
    const size = [3, 40, 36] as const;
    const data = grid(new Float32Array(4320), size, (a, b, c) => ((a * 50 + b * 13 + c * 29) % 501) - 150);
    const map = grid(new Uint8Array(4320), size, (a, b, c) => ((b - 20) ** 2 + (c - 18) ** 2 <= 80 + a * 20 ? 1 : 0));
    const place = { spacing: [5, 0.8, 0.9] } as const;
    await writeNifti(join(folder, 'image.nii.gz'), createVolume(data, size, place));
    await writeNifti(join(folder, 'case07_seg02.nii.gz'), createLabelVolume(map, size, place));
    const out = join(root, 'pancreas');
    const options = { tasks: ['pancreas'], splits: ['Validation'] } as const;
    const [record] = await prepareQubiq({ training: root, validation }, out, options);
    expect(record!.cases[0]!.outputs.map(({ file }) => file)).toEqual(['image_0.nii.gz', 'label_0_2.nii.gz']);
    const image = await readNifti(join(out, 'pancreas', 'task01', 'Validation', 'image_0.nii.gz'));
    expect(image.size).toEqual([256, 256, 3]);
    const values = [6.7236, 2.1603, 31.4454, 1.7382, 35.8594, 135.5995, 220.4138, 255];
    for (const [k, value] of values.entries()) expect(image.data[k * 7919 + 131]).toBeCloseTo(value, 3);
    expect(Math.abs(total(image.data) / 26922453.75461869 - 1)).toBeLessThan(1e-6);
    const labels = await readNiftiLabels(join(out, 'pancreas', 'task01', 'Validation', 'label_0_2.nii.gz'));
    expect([total(labels.data), placed(labels.data)]).toEqual([42687, 21658077]);
  });

  it('says which rater is missing where, and whose marks lie elsewhere', async () => {
    const training = join(root, 'odd');
    const size = [8, 8, 1] as const;
    for (const [source, raters] of [
      ['case1', [1, 2]],
      ['case2', [2]],
    ] as const) {
      const folder = join(training, 'kidney', 'Training', source);
      await mkdir(folder, { recursive: true });
      await writeNifti(join(folder, 'image.nii.gz'), createVolume(new Float32Array(64).fill(50), size));
      for (const rater of raters) {
        // The second rater of the first case has lost where the image lies.
        const origin = [source === 'case1' && rater === 2 ? 200 : 0, 0, 0] as const;
        const labels = createLabelVolume(new Uint8Array(64).fill(1), size, { origin });
        await writeNifti(join(folder, `task01_seg0${rater}.nii.gz`), labels);
      }
    }
    // One folder for both parts, of which the task has one.
    const folders = { training, validation: training };
    const records = await prepareQubiq(folders, join(root, 'odd-out'), { tasks: ['kidney'], superpixels: false });
    expect(records).toHaveLength(1);
    expect(records[0]!.warnings).toBeUndefined();
    expect(records[0]!.cases.map(({ warnings }) => warnings)).toEqual([
      ['case1/task01_seg02.nii.gz: rater 2 marked nothing that lies on the image.'],
      ['case2: there is no label of rater 1 for subtask 1.'],
    ]);
  });

  it('says what was looked for where nothing is found', async () => {
    await expect(prepareQubiq({ training: root, validation: root }, root, { tasks: ['kidney'] })).rejects.toThrow(
      'none of the tasks kidney was found',
    );
  });
});
