import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { phantomDataset } from '@fsmr/datasets';
import {
  assertSameGeometry,
  createLabelVolume,
  createVolume,
  encodeNifti,
  greyPicture,
  maskPicture,
  orientationOf,
  readLabelVolume,
  readMaskPng,
  readVolume,
  reorient,
  writeNifti,
  writePng,
} from '@fsmr/imaging';
import { dicomElement, dicomFile, dicomShort } from '@fsmr/testing';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exists } from '../run/files.js';
import { runFolder } from '../run/folder.js';
import { segmentCommand } from './segment.js';
import { readSegmentTask } from './segment-inputs.js';
import { checkImageWords, isVolume, readQuery, readVolumeTask, volumeOptions } from './segment-volume-inputs.js';
import { segmentVolumesCommand } from './segment-volumes.js';
import { noSignal, startTinyRuns, stopAfter, tinyConfig } from './tiny-run.fixture.js';
import { trainRun } from './train.js';

let runs: Awaited<ReturnType<typeof startTinyRuns>>;
const side = 64;
const depth = 5;
const raters = ['generous', 'tight'];
const grid = { spacing: [1.5, 1.5, 4], origin: [-20, 30, 10] } as const;
const at = (name: string): string => runs.at(name);

beforeAll(async () => {
  runs = await startTinyRuns();
  await trainRun(tinyConfig({ training: { steps: 2, superpixelArea: 40 } }), at('run'), runs.own, noSignal);
  const dataset = phantomDataset({ seed: 5, scans: 2, size: side, raters: 2 });
  // Every slice is the phantom's only one, so what is true of an image is true of each slice.
  for (const { id } of dataset.scans) {
    const { image, labels } = await dataset.read(id);
    const plane = side * side;
    const data = Float32Array.from({ length: depth * plane }, (_, i) => image[i % plane]!);
    const volume = createVolume(data, [side, side, depth], grid);
    await writeNifti(at(`${id}.nii.gz`), volume);
    await writeNifti(at(`${id}_flipped.nii.gz`), reorient(volume, 'LPS'));
    await writeNifti(at(`${id}_sagittal.nii.gz`), reorient(volume, 'SAR'));
    await writePng(at(`${id}.png`), greyPicture({ width: side, height: side, data: image }));
    for (const [rater, ids] of Object.entries(labels)) {
      // The outermost slices stay empty.
      const drawn = Uint8Array.from(data, (_, i) => (i < plane || i >= 4 * plane ? 0 : ids[i % plane]!));
      await writeNifti(at(`${id}_${rater}.nii.gz`), createLabelVolume(drawn, [side, side, depth], grid));
      const mask = ids.map((value) => (value === 1 ? 1 : 0));
      await writePng(at(`${id}_${rater}.png`), maskPicture({ width: side, height: side, data: mask }));
    }
  }
});
afterAll(() => runs.end());

const files = (query = 'phantom0001.nii.gz') => ({
  support: at('phantom0000.nii.gz'),
  mask: raters.map((rater) => `${rater}=${at(`phantom0000_${rater}.nii.gz`)}`),
  query: [at(query)],
});
const options = (words = {}) => volumeOptions({ label: '1', size: String(side), ...words });
const weights = () => runFolder(at('run')).weights('japc');

describe('segmentVolumesCommand', () => {
  it('answers as for images, on the grid of the query, within the slices asked for', async () => {
    const task = await readVolumeTask(files(), options({ slices: '1-3' }));
    expect(task.parts).toEqual([1, 2, 3]);
    const before = tf.memory().numTensors;
    const written = await segmentVolumesCommand({
      task,
      weights: weights(),
      out: at('volumes'),
      versions: runs.own,
      signal: noSignal,
    });
    expect(tf.memory().numTensors).toBe(before);
    expect(written.map((file) => file.slice(at('volumes').length + 1))).toEqual([
      'phantom0001_generous.nii.gz',
      'phantom0001_tight.nii.gz',
      'phantom0001_disagreement.nii.gz',
      'volumes.json',
      'report.html',
    ]);
    const images = await readSegmentTask({
      support: at('phantom0000.png'),
      mask: raters.map((rater) => `${rater}=${at(`phantom0000_${rater}.png`)}`),
      query: [at('phantom0001.png')],
    });
    await segmentCommand({ task: images, weights: weights(), out: at('images'), versions: runs.own });
    const query = await readVolume(at('phantom0001.nii.gz'));
    const sizes = JSON.parse(await readFile(at('volumes/volumes.json'), 'utf8')).phantom0001;
    for (const rater of raters) {
      const volume = await readLabelVolume(at(`volumes/phantom0001_${rater}.nii.gz`));
      assertSameGeometry(query, volume);
      const mask = (await readMaskPng(at(`images/phantom0001_${rater}.png`))).data;
      const area = mask.reduce((sum, value) => sum + value, 0);
      const slice = (z: number) => volume.data.subarray(z * side * side, (z + 1) * side * side);
      expect([0, 4].flatMap((z) => [...slice(z)]).every((value) => value === 0)).toBe(true);
      // Grey values of a PNG are rounded to 256 steps, which may turn a pixel.
      for (const z of [1, 2, 3]) {
        expect(mask.filter((value, i) => value !== slice(z)[i]).length).toBeLessThan(0.02 * area);
      }
      const voxels = Uint8Array.from(volume.data).reduce((sum, value) => sum + value, 0);
      expect(voxels).toBeGreaterThan(0);
      expect(sizes[rater]).toEqual({ voxels, millilitres: expect.closeTo((voxels * 9) / 1000, 10) });
    }
  });

  it('gives a volume that lies the other way round the same masks, the other way round', async () => {
    const masks = async (query: string) => {
      const task = await readVolumeTask(files(`${query}.nii.gz`), options());
      await segmentVolumesCommand({
        task,
        weights: weights(),
        out: at('turned'),
        versions: runs.own,
        signal: noSignal,
      });
      return readLabelVolume(at(`turned/${query}_generous.nii.gz`));
    };
    const [straight, flipped] = [await masks('phantom0001'), await masks('phantom0001_flipped')];
    expect([orientationOf(straight), orientationOf(flipped)]).toEqual(['RAS', 'LPS']);
    expect(reorient(flipped, 'RAS').data).toEqual(straight.data);
  });

  it('leaves a volume that does not say how it lies as it is, and its results too', async () => {
    const bytes = encodeNifti(await readVolume(at('phantom0001.nii.gz')));
    for (const place of [252, 254]) new DataView(bytes.buffer).setInt16(place, 0, true);
    await writeFile(at('bare.nii'), bytes);
    const support = { ...files('bare.nii'), support: at('phantom0000_flipped.nii.gz') };
    for (const rater of raters) {
      const drawn = await readLabelVolume(at(`phantom0000_${rater}.nii.gz`));
      await writeNifti(at(`turned_${rater}.nii.gz`), reorient(drawn, 'LPS'));
    }
    const mask = raters.map((rater) => `${rater}=${at(`turned_${rater}.nii.gz`)}`);
    const task = await readVolumeTask({ ...support, mask }, options());
    // The support lies LPS; nothing tells that this one lies otherwise.
    expect((await readQuery(task, at('bare.nii'))).volume.data).toEqual((await readVolume(at('bare.nii'))).data);
    await segmentVolumesCommand({
      task,
      weights: weights(),
      out: at('unplaced'),
      versions: runs.own,
      signal: noSignal,
    });
    expect((await readVolume(at('unplaced/bare_tight.nii.gz'))).unplaced).toBe(true);
  });

  it('takes the folder of a DICOM series', async () => {
    const scan = await readVolume(at('phantom0001.nii.gz'));
    await mkdir(at('series'));
    for (let z = 0; z < depth; z++) {
      const plane = scan.data.subarray(z * side * side, (z + 1) * side * side);
      const stored = Int16Array.from(plane, (value) => Math.round(1000 * value));
      const tags: [number, number, string, Buffer | string][] = [
        [0x20, 0xe, 'UI', '1.2.3'],
        [0x20, 0x32, 'DS', `20\\-30\\${10 + 4 * z}`],
        [0x20, 0x37, 'DS', '-1\\0\\0\\0\\-1\\0'],
        [0x28, 2, 'US', dicomShort(1)],
        [0x28, 0x10, 'US', dicomShort(side)],
        [0x28, 0x11, 'US', dicomShort(side)],
        [0x28, 0x30, 'DS', '1.5\\1.5'],
        [0x28, 0x100, 'US', dicomShort(16)],
        [0x28, 0x103, 'US', dicomShort(1)],
        [0x28, 0x1053, 'DS', '0.001'],
        [0x7fe0, 0x10, 'OW', Buffer.from(stored.buffer)],
      ];
      await writeFile(at(`series/${z}.dcm`), dicomFile(tags.map((tag) => dicomElement(...tag))));
    }
    expect([await isVolume(at('series')), await isVolume(at('phantom0001.png'))]).toEqual([true, false]);
    const task = await readVolumeTask(files('series'), options());
    await segmentVolumesCommand({
      task,
      weights: weights(),
      out: at('of series'),
      versions: runs.own,
      signal: noSignal,
    });
    const mask = await readLabelVolume(at('of series/series_generous.nii.gz'));
    assertSameGeometry(scan, mask);
    expect(mask.data.includes(1)).toBe(true);
  });

  it('writes nothing for weights that are none', async () => {
    const task = await readVolumeTask(files(), options());
    const before = tf.memory().numTensors;
    const run = segmentVolumesCommand({
      task,
      weights: at('phantom0000.png'),
      out: at('none'),
      versions: runs.own,
      signal: noSignal,
    });
    await expect(run).rejects.toMatchObject({ code: 'weights', file: at('phantom0000.png') });
    expect(await exists(at('none'))).toBe(false);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('resizes slices for the network, and masks back', async () => {
    const task = await readVolumeTask(files(), options({ size: '48' }));
    await segmentVolumesCommand({ task, weights: weights(), out: at('small'), versions: runs.own, signal: noSignal });
    expect((await readLabelVolume(at('small/phantom0001_tight.nii.gz'))).size).toEqual([side, side, depth]);
  });
});

describe('readVolumeTask', () => {
  it('names file, rater and remedy of what it cannot use', async () => {
    const fault = (words = {}, changed = {}) =>
      readVolumeTask({ ...files(), ...changed }, options(words)).then(
        () => 'none',
        (error: { message: string }) => error.message,
      );
    expect(await fault({ label: undefined })).toMatch(/phantom0000_generous.*generous.*labels 1, 2, 3.*--label 1/s);
    expect(await fault({ label: '9' })).toMatch(/phantom0000_generous.*holds 1, 2, 3, not 9/s);
    expect(await fault({ slices: '2-5' })).toMatch(/phantom0001.nii.gz.*slices 0 to 4, not 2 to 5/s);
    expect(await fault({}, { query: [at('phantom0001_sagittal.nii.gz')] })).toMatch(/sagittal.*SAR.*RAS/s);
    expect(await fault({}, { mask: [`anna=${at('phantom0001_flipped.nii.gz')}`] })).toMatch(/anna/);
    expect(await fault({}, { query: [at('phantom0001.png')] })).toMatch(/a volume is needed/);
    const scan = await readVolume(at('phantom0000.nii.gz'));
    const counts = createVolume(
      scan.data.map((value) => Math.round(90 * value) - 40),
      scan.size,
      scan,
    );
    await writeNifti(at('counts.nii.gz'), counts, { type: 'int16' });
    const message = await fault({ label: undefined }, { mask: [`anna=${at('counts.nii.gz')}`] });
    expect(message).toMatch(
      /rater anna: the mask holds the labels (-?\d+, ){4}-?\d+ and \d+ more\. This looks like an image/,
    );
  });

  it('counts slices as the file of the query does, however it lies', async () => {
    await writeNifti(at('upside_down.nii.gz'), reorient(await readVolume(at('phantom0001.nii.gz')), 'LAI'));
    const task = await readVolumeTask(files('upside_down.nii.gz'), options({ slices: '0-1' }));
    const [turned, straight] = [
      await readQuery(task, at('upside_down.nii.gz')),
      await readQuery(task, at('phantom0001.nii.gz')),
    ];
    expect([turned.range, straight.range]).toEqual([
      [3, 4],
      [0, 1],
    ]);
  });

  it('brings CT to the window that was asked for', async () => {
    const [low, high] = [0.2, 0.7];
    const { support } = await readVolumeTask(files(), options({ window: `${low},${high}` }));
    const { data } = await readVolume(at('phantom0000.nii.gz'));
    const expected = data.map((value) => ((Math.min(high, Math.max(low, value)) - low) / (high - low)) * 255);
    expect(support.data).toEqual(expected);
  });

  it('stops between two slices, goes on after the last finished query, and repeats what was asked or changed otherwise', async () => {
    const both = { ...files(), query: ['phantom0001', 'phantom0001_flipped'].map((name) => at(`${name}.nii.gz`)) };
    const visit = async (out: string, signal: AbortSignal, words = {}) => {
      const task = await readVolumeTask(both, options(words));
      return segmentVolumesCommand({ task, weights: weights(), out: at(out), versions: runs.own, signal });
    };
    const whole = await visit('at once', noSignal);
    const before = tf.memory().numTensors;
    const stopped = visit('stopped', stopAfter(depth + 2));
    await expect(stopped).rejects.toThrow(
      'segmenting stopped after 1 of 2 volumes. Give the same command again to go on',
    );
    expect(tf.memory().numTensors).toBe(before);
    expect((await readdir(at('stopped'))).sort()).toEqual([
      'phantom0001_disagreement.nii.gz',
      'phantom0001_generous.nii.gz',
      'phantom0001_tight.nii.gz',
      'segmented.jsonl',
    ]);
    // Each slice asks once.
    const second = stopAfter(depth + 1);
    expect(await visit('stopped', second)).toEqual(whole.map((file) => file.replace('at once', 'stopped')));
    expect(second.asked()).toBe(depth);
    for (const file of whole) {
      expect((await readFile(file)).equals(await readFile(file.replace('at once', 'stopped'))), file).toBe(true);
    }
    await visit('stopped', AbortSignal.abort());
    await expect(visit('stopped', AbortSignal.abort(), { slices: '1-3' })).rejects.toThrow('stopped after 0 of 2');
    await writeFile(at('stopped/phantom0001_tight.nii.gz'), 'spoiled');
    await expect(visit('stopped', AbortSignal.abort())).rejects.toThrow('stopped after 0 of 2');
    await visit('stopped', noSignal);
    const tight = await readLabelVolume(at('stopped/phantom0001_tight.nii.gz'));
    expect(tight.data).toEqual((await readLabelVolume(at('at once/phantom0001_tight.nii.gz'))).data);
  });
});

describe('volumeOptions', () => {
  it('reads words, and says what is wrong with one', () => {
    expect(volumeOptions({})).toEqual({ label: undefined, slices: undefined, window: undefined, size: undefined });
    expect(volumeOptions({ label: '3', slices: '4-9', window: '-125,275', size: '128' })).toEqual({
      label: 3,
      slices: [4, 9],
      window: [-125, 275],
      size: 128,
    });
    expect(() => volumeOptions({ slices: '4' })).toThrow('--slices cannot be 4. For example --slices 10-40.');
    expect(() => volumeOptions({ window: '5,1' })).toThrow('--window cannot be 5,1.');
    expect(() => volumeOptions({ size: '100' })).toThrow('--size cannot be 100.');
    expect(() => checkImageWords({ label: '3', size: '64' })).toThrow('--label is for volumes, and these are images.');
    checkImageWords({ size: '64' });
  });
});
