import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLabelVolume, createVolume, writeNifti, writePng } from '@fsmr/imaging';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderDataset } from './folder.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fsmr-folder-'));
});
afterEach(() => rm(root, { recursive: true }));

/** Writes a grey or binary PNG of 4 x 6 pixels (or of the width given). */
async function png(file: string, values: readonly number[], width = 6): Promise<void> {
  await mkdir(join(root, file, '..'), { recursive: true });
  await writePng(join(root, file), {
    width,
    height: values.length / width,
    channels: 1,
    data: Uint8Array.from(values),
  });
}
const grey = Array.from({ length: 24 }, (_unused, index) => index * 10);
const mask = (on: number, value = 255): number[] => grey.map((_grey, index) => (index < on ? value : 0));

describe('a folder of cases', () => {
  it('reads images and masks of 0/255 or 0/1, with some raters missing', async () => {
    await png('b/image.png', grey);
    await png('b/rater10.png', mask(3));
    await png('a/image.png', grey);
    await png('a/rater2.png', mask(5, 1));
    await png('a/rater10.png', mask(0));
    await writeFile(join(root, 'notes.txt'), 'not a case');
    await writeFile(join(root, 'a', 'notes.txt'), 'not a mask');
    const dataset = await folderDataset(root, { name: 'mine', classes: ['lesion'] });
    expect(dataset).toMatchObject({ name: 'mine', raters: ['rater2', 'rater10'], modality: 'other' });
    expect(dataset.classes).toEqual([{ id: 1, name: 'lesion' }]);
    expect(dataset.scans).toEqual([
      { id: 'a', raters: ['rater2', 'rater10'], classes: [1], slices: 1 },
      { id: 'b', raters: ['rater10'], classes: [1], slices: 1 },
    ]);
    const scan = await dataset.read('a');
    expect(scan.size).toEqual([1, 4, 6]);
    expect([...scan.image]).toEqual(grey);
    expect([...scan.labels.rater2!]).toEqual(mask(5, 1));
    expect([...scan.labels.rater10!]).toEqual(mask(0));
    await expect(dataset.read('c')).rejects.toThrow('there is no case c');
  });

  it('reads NRRD too, and names images of kinds that it does not read', async () => {
    await png('a/image.png', grey);
    await png('a/anna.png', mask(5));
    const header = 'NRRD0004\ntype: uint8\ndimension: 2\nsizes: 6 4\nencoding: raw\n\n';
    await writeFile(join(root, 'a', 'ben.nrrd'), Buffer.concat([Buffer.from(header), Buffer.from(mask(3, 1))]));
    const dataset = await folderDataset(root);
    expect(dataset.raters).toEqual(['anna', 'ben']);
    expect([...(await dataset.read('a')).labels.ben!]).toEqual(mask(3, 1));
    await writeFile(join(root, 'a', 'cleo.tif'), 'II*');
    await expect(folderDataset(root)).rejects.toMatchObject({
      file: join(root, 'a', 'cleo.tif'),
      rater: 'cleo',
      message: expect.stringContaining('images of this kind are not read. Save it as PNG'),
    });
    expect((await folderDataset(root, { raters: ['anna', 'ben'] })).raters).toEqual(['anna', 'ben']);
  });

  it('follows links to cases and takes a linked manifest', async () => {
    await png('elsewhere/a/image.png', grey);
    await png('elsewhere/a/anna.png', mask(5));
    await writeFile(join(root, 'elsewhere', 'list.json'), '[{ "case": "a" }]');
    await mkdir(join(root, 'set'));
    await symlink(join(root, 'elsewhere', 'a'), join(root, 'set', 'a'));
    await symlink(join(root, 'elsewhere', 'list.json'), join(root, 'set', 'manifest.json'));
    expect((await folderDataset(join(root, 'set'))).scans.map(({ id }) => id)).toEqual(['a']);
  });

  it('takes classes by prefix or function, groups by manifest, raters by name, pattern or expression', async () => {
    for (const id of ['rat_1', 'rat_smooth_1', 'rat_smooth_2']) {
      await png(`${id}/image.png`, grey);
      for (const rater of ['anna_pen', 'anna_mouse', 'ben_pen']) await png(`${id}/${rater}.png`, mask(4));
    }
    const manifest = [
      { case: 'rat_1', patient: 'p1', site: 7 },
      { case: 'rat_smooth_1', patient: 'p2', site: 8 },
      { case: 'rat_smooth_2', patient: 'p2', site: 8 },
    ];
    await writeFile(join(root, 'manifest.json'), JSON.stringify(manifest));
    const classes = ['rat', 'rat_smooth'];
    const dataset = await folderDataset(root, { classes, classOf: 'prefix', raters: '*_pen' });
    expect(dataset.raters).toEqual(['anna_pen', 'ben_pen']);
    expect(dataset.scans.map((scan) => [scan.id, ...scan.classes, scan.group])).toEqual([
      ['rat_1', 1, 'p1'],
      ['rat_smooth_1', 2, 'p2'],
      ['rat_smooth_2', 2, 'p2'],
    ]);
    expect(new Set((await dataset.read('rat_smooth_1')).labels.ben_pen)).toEqual(new Set([2, 0]));

    const other = await folderDataset(root, {
      classes,
      classOf: (id) => (id.endsWith('1') ? 'rat' : 'rat_smooth'),
      group: 'site',
      raters: ['ben_pen', 'anna_mouse'],
    });
    expect(other.raters).toEqual(['ben_pen', 'anna_mouse']);
    expect(other.scans.map(({ group }) => group)).toEqual(['7', '8', '8']);
    expect((await folderDataset(root, { raters: /^anna/g })).raters).toEqual(['anna_mouse', 'anna_pen']);
    await expect(folderDataset(root, { classes: ['mouse'], classOf: 'prefix' })).rejects.toThrow(
      'case rat_1 belongs to none of the classes mouse',
    );
    await expect(folderDataset(root, { raters: ['carl'] })).rejects.toThrow('rater carl: outlined no case');
    await expect(folderDataset(root, { raters: ['carl', 'carl'] })).rejects.toThrow('rater carl is named twice');
  });

  it('reads NIfTI volumes and label maps of several classes', async () => {
    await mkdir(join(root, 'ct'));
    const placement = { spacing: [0.5, 0.75, 3] as const };
    const image = createVolume(
      Float32Array.from({ length: 24 }, (_u, i) => i),
      [4, 3, 2],
      placement,
    );
    const labels = Uint8Array.from({ length: 24 }, (_u, i) => i % 3);
    await writeNifti(join(root, 'ct', 'image.nii.gz'), image);
    await writeNifti(join(root, 'ct', 'anna.nii'), createLabelVolume(labels, [4, 3, 2], placement));
    await writeFile(join(root, 'manifest.json'), JSON.stringify({ modality: 'CT', classes: ['one', 'two'] }));
    const dataset = await folderDataset(root);
    expect(dataset).toMatchObject({ modality: 'CT', classes: [{ id: 1 }, { id: 2 }] });
    const scan = await dataset.read('ct');
    expect(scan).toMatchObject({ size: [2, 3, 4], spacing: [3, 0.75, 0.5], labels: { anna: labels } });
    expect(scan.image).toEqual(image.data);

    const few = await folderDataset(root, { classes: ['one'] });
    await expect(few.read('ct')).rejects.toThrow(/rater anna: a mask has two values/);
    const moved = createLabelVolume(labels, [4, 3, 2], { ...placement, origin: [9, 0, 0] });
    await writeNifti(join(root, 'ct', 'anna.nii'), moved);
    await expect(dataset.read('ct')).rejects.toMatchObject({ code: 'geometry', rater: 'anna' });
  });
});

describe('a group that is forgotten', () => {
  const entries = (...list: object[]) => writeFile(join(root, 'manifest.json'), JSON.stringify(list));
  beforeEach(async () => {
    for (const id of ['a', 'b']) {
      await png(`${id}/image.png`, grey);
      await png(`${id}/anna.png`, mask(4));
    }
  });

  it('is a fault where others have one: a patient would be divided', async () => {
    await entries({ case: 'a', patient: 'p' }, { case: 'b' });
    const reading = folderDataset(root);
    await expect(reading).rejects.toThrow('case b has no group, others have one');
    await expect(reading).rejects.toMatchObject({ code: 'input', file: join(root, 'manifest.json') });
    await entries({ case: 'A', patient: 'p' }, { case: 'b', patient: 'p' });
    await expect(folderDataset(root)).rejects.toThrow('case a has no group');
  });

  it('is a fault where a field was asked for, and none where nobody knows of groups', async () => {
    await entries({ case: 'a', patientId: 'p' }, { case: 'b', patientId: 'p' });
    await expect(folderDataset(root, { group: 'patient' })).rejects.toThrow('says no "patient" of case a');
    expect((await folderDataset(root, { group: 'patientId' })).scans.map(({ group }) => group)).toEqual(['p', 'p']);
    await rm(join(root, 'manifest.json'));
    await expect(folderDataset(root, { group: 'patient' })).rejects.toMatchObject({ code: 'config' });
    expect((await folderDataset(root)).scans.map(({ group }) => group)).toEqual([undefined, undefined]);
    const ofName = await folderDataset(root, { group: (id) => (id === 'a' ? 'p' : undefined) });
    expect(ofName.scans.map(({ group }) => group)).toEqual(['p', undefined]);
  });
});

describe('faults name file, rater and remedy', () => {
  const fault = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (error: unknown) => error,
    );

  it('a missing folder, and none of cases', async () => {
    expect(await fault(folderDataset(join(root, 'nowhere')))).toMatchObject({
      code: 'input',
      file: join(root, 'nowhere'),
      remedy: 'Check the path.',
    });
    expect(await fault(folderDataset(root))).toMatchObject({ code: 'input', file: root });
  });

  it('a case without image, and a folder without masks', async () => {
    await png('a/rater1.png', mask(3));
    expect(await fault(folderDataset(root))).toMatchObject({ code: 'input', file: join(root, 'a') });
    await rm(join(root, 'a', 'rater1.png'));
    await png('a/image.png', grey);
    expect(await fault(folderDataset(root))).toMatchObject({ message: expect.stringContaining('no rater was found') });
  });

  it('a rater named twice, and an image that is there twice', async () => {
    await png('a/image.png', grey);
    await png('a/anna.png', mask(3));
    await writeFile(join(root, 'a', 'anna.nii.gz'), '');
    expect(await fault(folderDataset(root))).toMatchObject({ code: 'input', rater: 'anna' });
    await rm(join(root, 'a', 'anna.nii.gz'));
    await writeFile(join(root, 'a', 'image.nii'), '');
    expect(await fault(folderDataset(root))).toMatchObject({ message: expect.stringContaining('there twice') });
  });

  it('a mask of another size, with more than two values, or of grey shades', async () => {
    await png('a/image.png', grey);
    await png('a/anna.png', mask(3), 4);
    const dataset = await folderDataset(root);
    expect(await fault(dataset.read('a'))).toMatchObject({
      code: 'shape',
      rater: 'anna',
      file: join(root, 'a', 'anna.png'),
      message: expect.stringContaining('the mask is 6 x 4'),
    });
    await png('a/anna.png', grey);
    expect(await fault(dataset.read('a'))).toMatchObject({ code: 'input', rater: 'anna' });
  });

  it('a PNG mask whose background is not 0: an empty one of the same writer would be full', async () => {
    await png('a/image.png', grey);
    const dataset = async () => {
      const found = await folderDataset(root);
      return found.read('a');
    };
    for (const [low, high] of [
      [1, 2],
      [100, 200],
    ] as const) {
      await png(
        'a/ben.png',
        mask(5, 1).map((on) => (on === 1 ? high : low)),
      );
      expect(await fault(dataset())).toMatchObject({
        code: 'input',
        file: join(root, 'a', 'ben.png'),
        rater: 'ben',
        message: expect.stringContaining(`a mask has two values, 0 and another, this file has ${low}, ${high}.`),
        remedy: 'Save the background as 0, so that an empty mask is told from a full one.',
      });
    }
    // All of one value, not 0: everything is foreground.
    await png('a/ben.png', mask(24, 7));
    expect([...(await dataset()).labels.ben!]).toEqual(mask(24, 1));
  });

  it('an image that is no image, and a manifest that is no JSON', async () => {
    await png('a/anna.png', mask(3));
    await writeFile(join(root, 'a', 'image.png'), 'hello');
    const dataset = await folderDataset(root);
    expect(await fault(dataset.read('a'))).toMatchObject({ code: 'input', file: join(root, 'a', 'image.png') });
    await writeFile(join(root, 'manifest.json'), '{');
    expect(await fault(folderDataset(root))).toMatchObject({ code: 'input', file: join(root, 'manifest.json') });
    await writeFile(join(root, 'manifest.json'), '[{"case":"a"},{"case":"a"}]');
    expect(await fault(folderDataset(root))).toMatchObject({ message: expect.stringContaining('listed twice') });
  });
});
