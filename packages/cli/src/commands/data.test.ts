import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLabelVolume, createVolume, decodePng, maskPicture, writeNifti, writePng } from '@fsmr/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exists } from '../run/files.js';
import { inspectCommand } from './inspect.js';
import { prepareCurvasCommand, prepareQubiqCommand, prepareSingleRaterCommand } from './prepare.js';
import { stylesCommand } from './styles.js';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const side = 48;
const disc = (radius: number) =>
  Uint8Array.from({ length: side * side }, (_, i) =>
    Math.hypot((i % side) - 24, Math.floor(i / side) - 24) < radius ? 1 : 0,
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsmr-data-'));
  await mkdir(at('raw'));
  const grid = { spacing: [1.25, 1.25, 7.7] } as const;
  const grey = Float32Array.from({ length: 2 * side * side }, (_, i) => i % 97);
  await writeNifti(at('raw', 'image_1.nii.gz'), createVolume(grey, [side, side, 2], grid));
  const labels = Uint8Array.from([...disc(9), ...disc(5)]);
  await writeNifti(at('raw', 'label_1.nii.gz'), createLabelVolume(labels, [side, side, 2], grid));
  await mkdir(at('cases', 'case1'), { recursive: true });
  for (const [name, radius] of [
    ['anna', 9],
    ['ben', 7],
    ['cleo', 0],
  ] as const) {
    await writePng(at('cases', 'case1', `${name}.png`), maskPicture({ width: side, height: side, data: disc(radius) }));
  }
  const data = Uint8Array.from({ length: side * side }, (_, i) => i % 251);
  await writePng(at('cases', 'case1', 'image.png'), { width: side, height: side, channels: 1, data });
});
afterAll(() => rm(folder, { recursive: true }));

describe('prepare', () => {
  it('prepares, says what it made, and is inspected from its folder', async () => {
    const out = at('prepared');
    const text = await prepareSingleRaterCommand('CHAOST2', at('raw'), { out, superpixels: false });
    expect(text).toBe('chaost2: 1 cases, raters 1, classes LIVER, RK, LK, SPLEEN');
    // The class map is drawn on both slices, and one rater agrees with nobody.
    const found = await inspectCommand({ source: out, json: at('report.json') });
    expect(found).toContain('chaost2: MR, 1 scans, 2 slices');
    expect(found).toContain('| LIVER | 1 | 2 | - | - |');
    expect(JSON.parse(await readFile(at('report.json'), 'utf8'))).toMatchObject({ scans: 1, slices: 2 });
  });

  it('names the folder and the task that are not there', async () => {
    const options = { out: at('nothing'), superpixels: false };
    await expect(prepareCurvasCommand(at('missing'), options)).rejects.toMatchObject({ code: 'input' });
    const task = prepareQubiqCommand(at('raw'), { ...options, tasks: ['brain-growht'] });
    await expect(task).rejects.toMatchObject({ code: 'config', remedy: expect.stringContaining('brain-growth') });
    await expect(prepareQubiqCommand(at('raw'), options)).rejects.toMatchObject({ code: 'input' });
    expect(await exists(at('nothing'))).toBe(false);
  });
});

describe('inspect', () => {
  it('reads a folder of cases, compares raters, and draws a contact sheet', async () => {
    const text = await inspectCommand({ source: at('cases'), sheet: at('sheet.png') });
    expect(text).toContain('anna (1), ben (1), cleo (1)');
    expect(text).toContain('- case1: the mask of rater cleo is empty.');
    expect(text).toMatch(/\| ben \| \d+\.\d\d \| 100\.00 \|/);
    const { width, height, channels, data } = decodePng(await readFile(at('sheet.png')));
    expect([width, height, channels]).toEqual([side + 8, side + 8, 3]);
    // The first rater's colour is drawn where her disc ends and nobody else's does.
    const pixel = 3 * ((4 + 24) * width + 4 + 24 + 8);
    expect([...data.subarray(pixel, pixel + 3)]).toEqual([230, 159, 0]);
  });

  it('reads a configuration', async () => {
    const config = at('phantom.json');
    await writeFile(config, JSON.stringify({ data: { kind: 'phantom', scans: 2, size: 32, raters: 2 } }));
    expect(await inspectCommand({ source: config })).toContain('Nothing is missing or odd.');
    const drawn = { count: 2, out: at('episodes'), raters: 3, styles: 'mild', seed: 7 } as const;
    const text = await inspectCommand({ source: config, episodes: drawn });
    expect(text).toMatch(
      /episode-2\.png: scan phantom000\d, slice 0, superpixel \d+; rater1: .*; rater2: .*; rater3: /,
    );
    const picture = decodePng(await readFile(at('episodes', 'episode-2.png')));
    expect([picture.width, picture.height]).toEqual([5 * 128, 2 * 128]);
    await expect(inspectCommand({ source: config, episodes: { ...drawn, raters: 0 } })).rejects.toMatchObject({
      code: 'config',
    });
    await expect(inspectCommand({ source: at('missing.json') })).rejects.toMatchObject({ code: 'config' });
  });
});

describe('styles', () => {
  const ask = (changes: object) =>
    stylesCommand({
      mask: at('cases', 'case1', 'anna.png'),
      out: at('g.png'),
      preset: 'rich',
      count: 5,
      seed: 1,
      ...changes,
    });

  it('draws one cell a style, the same for the same seed', async () => {
    const captions = await ask({});
    expect(captions.split('\n')).toHaveLength(5);
    const first = await readFile(at('g.png'));
    // Two pixels a side and pixel of the mask, three columns with gaps between.
    expect(decodePng(first)).toMatchObject({ width: 3 * (2 * side + 4) + 4, height: 2 * (2 * side + 4) + 4 });
    expect(await ask({})).toBe(captions);
    expect(await readFile(at('g.png'))).toEqual(first);
    expect(await ask({ seed: 2 })).not.toBe(captions);
  });

  it('refuses no styles, and an image with many values', async () => {
    await expect(ask({ count: 0 })).rejects.toMatchObject({ code: 'config' });
    await expect(ask({ mask: at('cases', 'case1', 'image.png') })).rejects.toMatchObject({ code: 'input' });
  });
});
