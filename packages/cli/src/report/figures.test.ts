import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodePng } from '@fsmr/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportCommand } from '../commands/report.js';
import { runFolder } from '../run/folder.js';
import { groupRuns } from './experiments.js';
import { learningCurves, smoothed } from './learning-curves.js';
import { outlinePath } from './outline-path.js';
import type { Panel } from './panel.js';
import { readPanels, writePanel } from './panel-data.js';
import { madeUpRun } from './results.fixture.js';
import { readRunResults } from './run-results.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsmr-figures-'));
});
afterAll(() => rm(folder, { recursive: true }));

const square = (from: number, to: number) => ({
  width: 8,
  height: 8,
  data: Uint8Array.from({ length: 64 }, (_, i) => (i % 8 >= from && i % 8 < to && i >= 8 && i < 56 ? 1 : 0)),
});
const image = { width: 8, height: 8, data: Float32Array.from({ length: 64 }, (_, i) => 4 * i) };
const truth = new Map([
  ['anna', square(2, 5)],
  ['ben & co', square(2, 6)],
]);
const panel: Panel = {
  title: 'x: q, taught by a',
  support: { image, masks: truth },
  query: { image, truth },
  predictions: new Map([['base', new Map([...truth].map(([rater]) => [rater, square(3, 6)]))]]),
};

describe('outlinePath', () => {
  it('follows the edges of pixels, and is empty where nothing is marked', () => {
    const one = { width: 3, height: 3, data: Uint8Array.from([0, 0, 0, 0, 1, 0, 0, 0, 0]) };
    expect(outlinePath(one, 10)).toBe('M20,15L15,10L10,15L15,20L20,15Z');
    expect(outlinePath({ ...one, data: new Uint8Array(9) }, 10)).toBe('');
  });
});

describe('panels', () => {
  it('come back as they were written', async () => {
    await writePanel(join(folder, 'panels', 'one.json'), panel);
    const [read, ...others] = await readPanels(join(folder, 'panels'));
    expect(others).toEqual([]);
    expect(read!.support.masks).toEqual(truth);
    expect(read!.query.truth).toEqual(truth);
    expect(read!.predictions).toEqual(panel.predictions);
    expect([read!.query.image.data[0], read!.query.image.data[63]]).toEqual([0, 255]);
    expect(await readPanels(join(folder, 'nowhere'))).toEqual([]);
    await writeFile(join(folder, 'panels', 'two.json'), '{}');
    await expect(readPanels(join(folder, 'panels'))).rejects.toMatchObject({ code: 'input' });
  });
});

describe('smoothed', () => {
  it('averages the last losses, and thins long curves evenly', () => {
    const steps = (count: number) => Array.from({ length: count }, (_, i) => ({ step: i + 1, segmentation: i }));
    expect(smoothed(steps(4), 2).map(({ loss }) => loss)).toEqual([0, 0.5, 1.5, 2.5]);
    const long = smoothed(steps(1000), 1);
    expect(long).toHaveLength(250);
    expect(long.at(-1)).toEqual({ step: 1000, loss: 999 });
  });
});

describe('figures of a report', () => {
  it('are drawn as SVG and PNG, stand in the page and load nothing', async () => {
    const evaluation = { arms: ['base' as const, 'japc' as const], supports: ['a', 'b'] };
    const dice = { x: { a: { anna: 40 }, b: { anna: 60 } } };
    const run = await madeUpRun(join(folder, 'run'), { evaluation }, { base: dice, japc: dice });
    await writePanel(join(runFolder(run).panels, 'one.json'), panel);
    await mkdir(join(run, 'logs'));
    const line = (step: number) => `${JSON.stringify({ step, segmentation: 1 / step })}\n`;
    await writeFile(runFolder(run).log('first-half'), line(1) + line(2));
    for (const arm of ['base', 'japc']) await writeFile(runFolder(run).log(arm), line(3) + line(4));
    const curves = await learningCurves(groupRuns([await readRunResults(run)])[0]!);
    expect(curves.map(({ series, step }) => `${series} ${step}`)).toEqual([
      'both arms 1',
      'both arms 2',
      'base 3',
      'base 4',
      'JAPC 3',
      'JAPC 4',
    ]);
    const out = join(folder, 'report');
    await reportCommand({ run: [run], out, formats: ['html', 'md', 'latex'], title: 'Title <1>' });
    const figure = join(out, 'figures', 'bubil-Setting-1_alpnet_as-given');
    const svg = await readFile(`${figure}_panel-1.svg`, 'utf8');
    // Two raters: the base arm has two predictions over two truths and two maps of differences.
    expect(svg.match(/<image /g)).toHaveLength(2 + 4);
    expect(svg).toContain('ben &amp; co: ');
    const { width, height, data, channels } = decodePng(await readFile(`${figure}_panel-1.png`));
    expect([width, height]).toEqual([/width="(\d+)"/, /height="(\d+)"/].map((size) => 2 * Number(size.exec(svg)![1])));
    // Not an empty page: the orange of pixels drawn too much is there.
    const isOrange = (i: number) => data[i]! > 200 && Math.abs(data[i + 1]! - 120) < 20 && data[i + 2]! < 30;
    expect(Array.from({ length: width * height }, (_, i) => isOrange(channels * i)).some(Boolean)).toBe(true);
    const html = await readFile(join(out, 'report.html'), 'utf8');
    expect(html).toContain('Title &#60;1&#62;');
    expect(html.match(/<svg /g)).toHaveLength(2);
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
    expect(await readFile(join(out, 'report.md'), 'utf8')).toContain('_curves.svg)');
    const tables = (await readFile(join(out, 'tables.tex'), 'utf8')).match(/\\begin\{table\}/g);
    expect(tables).toHaveLength(4);
  }, 180_000);
});
