import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orientationOf, readNifti, readNiftiLabels, writePng } from '@fsmr/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeRawChaos } from '../testing/raw-chaos.js';
import { prepareSingleRater } from './single-rater.js';

const [width, height] = [40, 32];
const greys = [0, 63, 126, 189, 252];
const pixel = (x: number, y: number, z: number): number => 40 + ((x * 7 + y * 13 + z * 101) % 211);
const organ = (x: number, y: number, z: number): number => (x < 8 + z ? 0 : Math.floor(y / 8) + 1);

let root: string;
const at = (...names: string[]): string => join(root, ...names);
const ground = (...names: string[]): string => at('raw', 'Train_Sets', 'MR', '5', 'T2SPIR', 'Ground', ...names);
const prepare = (out: string) => prepareSingleRater('CHAOST2', at('raw'), at(out), { superpixels: false });

/** Three slices of 1.25 mm pixels, 7.7 mm apart, stored from the head down. */
const slices = [2, 1, 0].map((z) => {
  const values = <Data extends Uint8Array | Uint16Array>(data: Data, of: (x: number, y: number) => number): Data => {
    for (let i = 0; i < data.length; i++) data[i] = of(i % width, Math.floor(i / width));
    return data;
  };
  return {
    ...{ width, height, spacing: 1.25, position: [-20, -16, 7.7 * z] as const },
    pixels: values(new Uint16Array(width * height), (x, y) => pixel(x, y, z)),
    labels: values(new Uint8Array(width * height), (x, y) => greys[organ(x, y, z)]!),
  };
});

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fsmr-chaos-'));
  for (const id of ['5', '13']) await writeRawChaos(at('raw', 'Train_Sets', 'MR', id), slices);
});
afterAll(() => rm(root, { recursive: true }));

async function expectPrepared(out: string, number: number): Promise<void> {
  const image = await readNifti(at(out, `image_${number}.nii.gz`));
  const labels = await readNiftiLabels(at(out, `label_${number}_1.nii.gz`));
  expect(image.size.slice(0, 2)).toEqual([256, 256]);
  expect(orientationOf(image)).toBe('LAS');
  // At the wanted spacing only rows are turned over, and 0 lies 128 before the middle of 41 x 33 pixels.
  for (const [x, y, z] of [
    [0, 0, 0],
    [39, 31, 2],
    [21, 5, 1],
    [8, 30, 2],
    [9, 12, 0],
  ] as const) {
    const index = z * 65536 + (31 - y + 128 - 16) * 256 + x + 128 - 20;
    // The brightest half per cent is clipped.
    expect(image.data[index]).toBeCloseTo(Math.min(249, pixel(x, y, z)), 3);
    expect(labels.data[index]).toBe(organ(x, y, z));
  }
}

describe('CHAOS T2 from the download', () => {
  it('is read from DICOM and PNG in the order of positions, and laid down as published', async () => {
    const record = await prepare('out');
    expect(record.cases.map(({ source, number, raters }) => [source, number, raters])).toEqual([
      ['5', 5, [1]],
      ['13', 13, [1]],
    ]);
    expect(record.cases[0]!.inputs).toHaveLength(6);
    expect(record.cases[0]!.inputs[0]!.file).toBe(join('Train_Sets/MR/5/T2SPIR/DICOM_anon/IMG-0001-00001.dcm'));
    await expectPrepared('out', 5);
    await expectPrepared('out', 13);
    expect(JSON.parse(await readFile(at('out', 'classmap_1.json'), 'utf8'))).toMatchObject({
      SPLEEN: { 5: [0, 1, 2] },
    });
  });

  it('takes pictures in their order where none has the name of a slice', async () => {
    for (const n of [1, 2, 3]) await rename(ground(`IMG-0001-0000${n}.png`), ground(`${n}.png`));
    await prepare('renamed');
    await expectPrepared('renamed', 5);
  });

  it('names the picture that is missing or odd', async () => {
    const size = { width, height, channels: 1 } as const;
    await writePng(ground('2.png'), { ...size, data: new Uint8Array(width * height).fill(100) });
    await expect(prepare('odd')).rejects.toMatchObject({
      code: 'input',
      file: ground('2.png'),
      rater: '1',
      message: expect.stringContaining('the labels hold the grey value 100, known are 0, 63, 126, 189, 252'),
    });
    await writePng(ground('2.png'), { ...size, height: 16, data: new Uint8Array(width * 16) });
    await expect(prepare('odd')).rejects.toThrow('2.png, rater 1: the labels are 40 x 16, the slice is 40 x 32');
    await rm(ground('2.png'));
    await expect(prepare('odd')).rejects.toThrow('there are 2 pictures of labels for 3 slices');
    await rm(ground(), { recursive: true });
    await expect(prepare('odd')).rejects.toThrow('this case has no T2SPIR/Ground');
  });
});
