import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createLabelVolume, createVolume, readNiftiLabels, writeNifti } from '@fsmr/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preparedDataset } from '../prepared/prepared.js';
import { writeRawCurvas } from '../testing/raw-curvas.js';
import { prepareCurvas } from './curvas.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fsmr-faults-'));
});
afterAll(() => rm(root, { recursive: true }));

const mask = 'annotation_2.nii.gz';
const grid = { spacing: [0.7, 0.8, 2.5], origin: [-30, 12, 5] } as const;
const voxels = 80 * 76 * 7;

async function rewrite(file: string, change: (bytes: Buffer) => void): Promise<void> {
  const bytes = gunzipSync(await readFile(file));
  change(bytes);
  await writeFile(file, gzipSync(bytes));
}

// What is wrong, how it comes about in the folder of one case, and what the error says: what was expected and found.
const faults: readonly {
  readonly what: string;
  readonly file: string;
  readonly code: string;
  readonly says: RegExp;
  readonly damage: (folder: string) => Promise<void>;
}[] = [
  {
    what: 'a truncated gzip file',
    file: mask,
    code: 'input',
    says: /the compressed data end too early\. The download or copy was cut short; get the file again/,
    damage: async (folder) => {
      const bytes = await readFile(join(folder, mask));
      await writeFile(join(folder, mask), bytes.subarray(0, bytes.length / 2));
    },
  },
  {
    what: 'a header that promises more voxels than the file holds',
    file: mask,
    code: 'input',
    says: /the header promises 54720 voxels in 54720 bytes, the file holds 42560 bytes/,
    damage: (folder) => rewrite(join(folder, mask), (bytes) => void bytes.writeInt16LE(9, 46)),
  },
  {
    what: 'two dimensions where three are needed',
    file: mask,
    code: 'input',
    says: /three dimensions are needed, this file has two: 80 x 76/,
    damage: async (folder) => {
      const flat = createLabelVolume(new Uint8Array(80 * 76), [80, 76, 1], grid);
      await writeNifti(join(folder, mask), flat, { dimensions: 2 });
    },
  },
  {
    what: 'a rater with another shape',
    file: mask,
    code: 'shape',
    says: /the mask is 80 x 76 x 6, but its image is 80 x 76 x 7/,
    damage: (folder) =>
      writeNifti(join(folder, mask), createLabelVolume(new Uint8Array(80 * 76 * 6), [80, 76, 6], grid)),
  },
  {
    what: 'labels that are no integers',
    file: mask,
    code: 'input',
    says: /labels must be integers, found 0\.5 at voxel 3/,
    damage: async (folder) => {
      const data = new Float32Array(voxels);
      data[3] = 0.5;
      await writeNifti(join(folder, mask), createVolume(data, [80, 76, 7], grid));
    },
  },
  {
    what: 'NaN voxels',
    file: 'image.nii.gz',
    code: 'input',
    says: /voxel 5 is NaN, every voxel must be a finite number/,
    damage: async (folder) => {
      const data = new Float32Array(voxels);
      await writeNifti(join(folder, 'image.nii.gz'), createVolume(data, [80, 76, 7], grid), { type: 'float32' });
      await rewrite(join(folder, 'image.nii.gz'), (bytes) => void bytes.writeFloatLE(Number.NaN, 352 + 5 * 4));
    },
  },
  {
    what: 'an unknown class',
    file: mask,
    code: 'input',
    says: /label 9 is none of the 3 classes PANCREAS, KIDNEY, LIVER/,
    damage: (folder) =>
      writeNifti(join(folder, mask), createLabelVolume(new Uint8Array(voxels).fill(9), [80, 76, 7], grid)),
  },
  {
    what: 'a case without image',
    file: '',
    code: 'input',
    says: /this case has no image\.nii\.gz/,
    damage: (folder) => rm(join(folder, 'image.nii.gz')),
  },
];

describe('a fault in what was downloaded is named with its file, its rater, what was expected and what was found', () => {
  it.each(faults)('$what', async ({ what, file, code, says, damage }) => {
    const raw = join(root, what);
    await writeRawCurvas(raw, 'case', [1, 2]);
    await damage(join(raw, 'case'));
    const error = await prepareCurvas(raw, join(raw, 'out'), { superpixels: false }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code,
      file: join(raw, 'case', file),
      rater: file === mask ? '2' : undefined,
      message: expect.stringMatching(says),
    });
  });

  it('affines that differ', async () => {
    const raw = join(root, 'affine');
    const out = join(root, 'affine-out');
    await writeRawCurvas(raw, 'case', [1, 2]);
    await prepareCurvas(raw, out, { superpixels: false });
    const file = join(out, 'label_0_2.nii.gz');
    const { data, size, ...placed } = await readNiftiLabels(file);
    const [x, y, z] = placed.origin;
    await writeNifti(file, createLabelVolume(data, size, { ...placed, origin: [x, y, z + 10] }));
    await expect((await preparedDataset(out)).read('0')).rejects.toMatchObject({
      code: 'geometry',
      file,
      rater: 'rater2',
      message: expect.stringMatching(/origin is \[.*17\.5\], but .*image_0\.nii\.gz has \[.*7\.5\]/),
    });
  });
});
