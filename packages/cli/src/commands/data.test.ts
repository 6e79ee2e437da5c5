import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLabelVolume, createVolume, decodePng, maskPicture, writeNifti, writePng } from '@fsmr/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exists } from '../run/files.js';
import { type InspectCommand, inspectCommand } from './inspect.js';
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

/** What an inspection prints. */
async function inspected(command: InspectCommand): Promise<string> {
  const texts: string[] = [];
  await inspectCommand(command, (text) => texts.push(text));
  return texts.join('\n');
}

describe('prepare', () => {
  it('prepares, says what it made, and is inspected from its folder', async () => {
    const out = at('prepared');
    const text = await prepareSingleRaterCommand('CHAOST2', at('raw'), { out, superpixels: false });
    expect(text).toBe('chaost2: 1 cases, raters 1, classes LIVER, RK, LK, SPLEEN');
    // The class map is drawn on both slices, and one rater agrees with nobody.
    const found = await inspected({ source: out, json: at('report.json') });
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
    const text = await inspected({ source: at('cases'), sheet: at('sheet.png') });
    expect(text).toContain('anna (1), ben (1), cleo (1)');
    expect(text).toContain('- case1: the mask of rater cleo is empty.');
    expect(text).toMatch(/\| ben \| \d+\.\d\d \| 100\.00 \|/);
    const { width, height, channels, data } = decodePng(await readFile(at('sheet.png')));
    expect([width, height, channels]).toEqual([side + 8, side + 8, 3]);
    // The first rater's colour is drawn where her disc ends and nobody else's does.
    const pixel = 3 * ((4 + 24) * width + 4 + 24 + 8);
    expect([...data.subarray(pixel, pixel + 3)]).toEqual([230, 159, 0]);
  });

  it('draws the scans that can be read where one is damaged, and says what is wrong with it', async () => {
    await cp(at('cases'), at('damaged'), { recursive: true });
    await cp(at('cases', 'case1'), at('damaged', 'case2'), { recursive: true });
    await writeFile(at('damaged', 'case2', 'image.png'), 'no picture');
    const text = await inspected({ source: at('damaged'), sheet: at('damaged.png') });
    expect(text).toMatch(/- .*case2.image\.png: /);
    const { width, height } = decodePng(await readFile(at('damaged.png')));
    expect([width, height]).toEqual([2 * side + 12, side + 8]);
  });

  it('knows a preparation that was not finished', async () => {
    await mkdir(at('unfinished', 'records'), { recursive: true });
    await expect(inspected({ source: at('unfinished') })).rejects.toThrow('was not finished');
    await expect(inspected({ source: at('nowhere') })).rejects.toMatchObject({ code: 'input', file: at('nowhere') });
  });

  it('draws what a configuration trains on', async () => {
    const config = at('trains.json');
    const training = { raters: 2, styles: 'none', augmentation: 'none', superpixelArea: 30 };
    const data = { kind: 'phantom', scans: 4, size: 32, raters: 3 };
    await writeFile(config, JSON.stringify({ data, split: { evaluation: 0.5 }, training }));
    const text = await inspected({ source: config, episodes: { count: 8, out: at('trained'), seed: 1 } });
    const lines = text.split('\n').filter((line) => line.includes('episode-'));
    expect(new Set(lines.map((line) => /scan (\w+)/.exec(line)![1])).size).toBe(2);
    for (const line of lines) expect(line).toMatch(/superpixel \d+; rater1: \S.*; rater2: [^;]*$/);
    // Without transform and style, support and query are the slice, and both raters mark the same.
    const { width, height, data: drawn } = decodePng(await readFile(at('trained', 'episode-1.png')));
    expect([width, height]).toEqual([4 * 128, 2 * 128]);
    const tile = (column: number, row: number) =>
      Array.from({ length: 128 }, (_, y) => {
        const from = 3 * ((row * 128 + y) * width + column * 128);
        return [...drawn.subarray(from, from + 3 * 128)];
      });
    expect(tile(1, 0)).toEqual(tile(0, 1));
    expect(tile(2, 0)).toEqual(tile(2, 1));
  });

  it('reads a configuration', async () => {
    const config = at('phantom.json');
    await writeFile(
      config,
      JSON.stringify({ data: { kind: 'phantom', scans: 4, size: 32, raters: 2 }, training: { superpixelArea: 25 } }),
    );
    expect(await inspected({ source: config })).toContain('Nothing is missing or odd.');
    const drawn = { count: 2, out: at('episodes'), raters: 3, styles: 'mild', seed: 7 } as const;
    const text = await inspected({ source: config, episodes: drawn });
    expect(text).toMatch(
      /episode-2\.png: scan phantom000\d, slice 0, superpixel \d+; rater1: .*; rater2: .*; rater3: /,
    );
    const picture = decodePng(await readFile(at('episodes', 'episode-2.png')));
    expect([picture.width, picture.height]).toEqual([5 * 128, 2 * 128]);
    await expect(inspected({ source: config, episodes: { ...drawn, raters: 0 } })).rejects.toMatchObject({
      code: 'config',
    });
    await expect(inspected({ source: at('missing.json') })).rejects.toMatchObject({ code: 'input' });
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
