import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLabelVolume, createVolume, readNifti, readNiftiLabels, type Vector3, writeNifti } from '@fsmr/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preparedDataset } from '../prepared/prepared.js';
import { prepareSingleRater } from './single-rater.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fsmr-single-'));
});
afterAll(() => rm(root, { recursive: true }));

async function write(image: string, label: string, size: Vector3, spacing: Vector3, values: readonly number[]) {
  const count = size[0] * size[1] * size[2];
  const grey = new Float32Array(count).map((_value, i) => 20 + ((i * 31) % 97));
  const ids = new Int32Array(count).map((_value, i) => values[Math.floor(i / 50) % values.length]!);
  await writeNifti(join(root, image), createVolume(grey, size, { spacing }), { type: 'int16' });
  await writeNifti(join(root, label), createLabelVolume(ids, size, { spacing }), { type: 'int16' });
  return { grey, ids };
}

describe('sets with one rater', () => {
  it('CMR: a scan at the wanted spacing is only centred, its labels renamed', async () => {
    await mkdir(join(root, 'cmr'));
    const { grey, ids } = await write(
      'cmr/image_4.nii.gz',
      'cmr/label_4.nii.gz',
      [100, 90, 2],
      [1.25, 1.25, 7.99],
      [0, 200, 500, 600],
    );
    await prepareSingleRater('CMR', join(root, 'cmr'), join(root, 'cmr-out'), { superpixels: false });
    const image = await readNifti(join(root, 'cmr-out', 'image_4.nii.gz'));
    const labels = await readNiftiLabels(join(root, 'cmr-out', 'label_4_1.nii.gz'));
    // One row and column more, outside and 0; no slice more, as the header holds a little less than 7.99 mm. Index 0
    // of the result lies 128 before the middle.
    expect(image.size).toEqual([256, 256, 2]);
    const at = (x: number, y: number, z: number): number => z * 65536 + (y + 128 - 45) * 256 + x + 128 - 50;
    const from = (x: number, y: number, z: number): number => z * 9000 + y * 100 + x;
    for (const [x, y, z] of [
      [0, 0, 0],
      [99, 89, 1],
      [50, 45, 1],
      [17, 80, 0],
    ] as const) {
      expect(image.data[at(x, y, z)]).toBeCloseTo(grey[from(x, y, z)]!, 4);
      expect(labels.data[at(x, y, z)]).toBe({ 0: 0, 200: 1, 500: 2, 600: 3 }[ids[from(x, y, z)]!]);
    }
    expect([image.data[at(100, 0, 0)], image.data[at(-1, 0, 0)], labels.data[at(-1, 0, 0)]]).toEqual([0, 0, 0]);
    const dataset = await preparedDataset(join(root, 'cmr-out'));
    expect(dataset).toMatchObject({ name: 'cmr', modality: 'MR', classes: [{ name: 'LV-MYO' }, {}, {}] });
  });

  it('SABS: stretched over the whole volume, then cut; 256 rows and columns are read', async () => {
    await mkdir(join(root, 'sabs', 'img'), { recursive: true });
    await mkdir(join(root, 'sabs', 'label'));
    const size: Vector3 = [512, 512, 2];
    const { grey } = await write(
      'sabs/img/img0001.nii.gz',
      'sabs/label/label0001.nii.gz',
      size,
      [0.7, 0.7, 3],
      [0, 13],
    );
    await prepareSingleRater('SABS', join(root, 'sabs'), join(root, 'sabs-out'), { superpixels: false });
    const image = await readNifti(join(root, 'sabs-out', 'image_1.nii.gz'));
    expect(image.size).toEqual([257, 257, 3]);
    // Output index 4 lies on input index 7 of what is left without the border.
    const expected = ((grey[(32 + 7) * 512 + 32 + 14]! - 20) / 96) * 255;
    expect(image.data[4 * 257 + 8]).toBeCloseTo(expected, 3);
    const scan = await (await preparedDataset(join(root, 'sabs-out'))).read('1');
    expect(scan.size).toEqual([3, 256, 256]);
    expect(scan.image[4 * 256 + 8]).toBe(image.data[4 * 257 + 8]);
    expect(scan.stored?.voxels).toBe(257 * 257 * 3);
  });

  it('SABS: refuses slices larger than its border and factor are made for, and reading them as prepared', async () => {
    const folder = join(root, 'large');
    await mkdir(folder);
    await write('large/img0001.nii.gz', 'large/label0001.nii.gz', [600, 512, 1], [0.7, 0.7, 3], [0, 13]);
    await expect(prepareSingleRater('SABS', folder, join(root, 'large-out'))).rejects.toMatchObject({
      file: join(folder, 'img0001.nii.gz'),
      message: expect.stringMatching(/slices are 600 x 512, border and factor are those of 512 x 512\. Resample/),
    });
    const volume = createVolume(new Float32Array(258 * 20), [258, 20, 1]);
    await mkdir(join(root, 'as-is'));
    await writeNifti(join(root, 'as-is', 'image_1.nii.gz'), volume);
    await writeNifti(join(root, 'as-is', 'label_1.nii.gz'), createLabelVolume(new Uint8Array(258 * 20), [258, 20, 1]));
    await expect((await preparedDataset(join(root, 'as-is'))).read('1')).rejects.toMatchObject({
      file: join(root, 'as-is', 'image_1.nii.gz'),
      message: expect.stringContaining('slices of 258 x 20 are larger than preparation leaves them'),
    });
    // Whoever gives a side gets it.
    expect((await (await preparedDataset(join(root, 'as-is'), { side: 200 })).read('1')).size).toEqual([1, 20, 200]);
  });

  it('says what files it expects, and names labels without image', async () => {
    const folder = join(root, 'unpaired');
    await mkdir(join(folder, 'inner'), { recursive: true });
    const prepare = () => prepareSingleRater('SABS', folder, join(root, 'unpaired-out'), { superpixels: false });
    await expect(prepare()).rejects.toThrow(
      'no case was found. Files are expected as img0001.nii.gz and label0001.nii.gz.',
    );
    await write('unpaired/img0001.nii.gz', 'unpaired/inner/label0001.nii.gz', [70, 70, 1], [0.7, 0.7, 3], [0, 13]);
    // A folder that links lead into twice is looked into once.
    await symlink(folder, join(folder, 'inner', 'again'));
    expect((await prepare()).cases).toHaveLength(1);
    await copyFile(join(folder, 'inner', 'label0001.nii.gz'), join(folder, 'label0002.nii.gz'));
    await expect(prepare()).rejects.toMatchObject({
      file: join(folder, 'label0002.nii.gz'),
      message: expect.stringContaining('these labels have no image'),
    });
  });

  it('finds CMR and SABS files under the names and in the folders they are downloaded with', async () => {
    const [raw, size] = [join(root, 'cmr-raw'), [20, 20, 2] as const];
    await mkdir(join(raw, 'c0t2lge'), { recursive: true });
    await mkdir(join(raw, 'gt', 'C0'), { recursive: true });
    for (const name of ['c0t2lge/patient7_LGE', 'c0t2lge/patient7_C0']) {
      await write(`cmr-raw/${name}.nii.gz`, 'cmr-raw/gt/C0/patient7_C0_manual.nii.gz', size, [1.25, 1.25, 8], [200]);
    }
    const found = await prepareSingleRater('CMR', raw, join(raw, 'out'), { superpixels: false });
    expect(found.cases[0]!.inputs.map(({ file }) => file)).toEqual([
      join('c0t2lge', 'patient7_C0.nii.gz'),
      join('gt', 'C0', 'patient7_C0_manual.nii.gz'),
    ]);
    // What was prepared into the same folder is not taken for raw data.
    expect((await prepareSingleRater('CMR', raw, join(raw, 'out'), { superpixels: false })).cases).toHaveLength(1);
    await mkdir(join(root, 'btcv', 'RawData', 'Training', 'img'), { recursive: true });
    await mkdir(join(root, 'btcv', 'RawData', 'Training', 'label'));
    const inner = 'btcv/RawData/Training';
    await write(`${inner}/img/img0004.nii`, `${inner}/label/label0004.nii`, [80, 80, 2], [1, 1, 3], [0, 13]);
    const sabs = await prepareSingleRater('SABS', join(root, 'btcv'), join(root, 'btcv-out'), { superpixels: false });
    expect(sabs.cases.map(({ number }) => number)).toEqual([4]);
    await write(`${inner}/img0004.nii`, `${inner}/label/label0004.nii`, [80, 80, 2], [1, 1, 3], [0]);
    await expect(prepareSingleRater('SABS', join(root, 'btcv'), join(root, 'x'))).rejects.toThrow(
      'number 4 is there twice',
    );
  });

  it('names the labels, not the image, where a value is unknown', async () => {
    const odd = join(root, 'odd');
    await mkdir(odd);
    const size: Vector3 = [4, 4, 1];
    await writeNifti(join(odd, 'patient1_C0.nii.gz'), createVolume(new Float32Array(16), size));
    const labels = createLabelVolume(new Uint8Array(16).fill(250), size);
    await writeNifti(join(odd, 'patient1_C0_manual.nii.gz'), labels);
    await expect(prepareSingleRater('CMR', odd, join(root, 'x'))).rejects.toMatchObject({
      code: 'input',
      file: join(odd, 'patient1_C0_manual.nii.gz'),
      rater: '1',
      remedy: expect.stringContaining('right data set'),
    });
  });

  it('names what is missing', async () => {
    await expect(prepareSingleRater('SABS', join(root, 'cmr'), join(root, 'x'))).rejects.toMatchObject({
      code: 'input',
    });
    await rm(join(root, 'sabs', 'label', 'label0001.nii.gz'));
    await expect(prepareSingleRater('SABS', join(root, 'sabs'), join(root, 'x'))).rejects.toThrow('has no labels');
  });
});
