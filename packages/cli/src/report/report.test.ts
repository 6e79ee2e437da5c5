import { decodePng } from '@fsmr/imaging';
import { formatPercent } from '@fsmr/metrics';
import { type ArmSummary, compareArms, summarise } from '@fsmr/training';
import { describe, expect, it } from 'vitest';
import type { Panel } from './panel.js';
import { difference, disagreement, outlined } from './pictures.js';
import { reportPage } from './report.js';
import { comparisonTable, diceTable } from './tables.js';

const hostile = `<img src="http://x.example/a.png" onerror='alert("1")'> & co`;
const versions = { fsmr: '1', node: 'v20', tfjs: '4', backend: 'b', platform: 'p', processor: 'c', threads: 1 };
const image = { width: 4, height: 4, data: Float32Array.from({ length: 16 }, (_, i) => i) };
const square = (from: number, to: number) => ({
  width: 4,
  height: 4,
  data: Uint8Array.from({ length: 16 }, (_, i) => (i % 4 >= from && i % 4 <= to ? 1 : 0)),
});

function arm(name: string, bonus: number): ArmSummary {
  const records = ['s1', 's2', 's3'].flatMap((support, index) =>
    [hostile, 'ben'].map((rater) => ({
      scan: 'q',
      support,
      rater,
      class: 'organ',
      tp: 4 + index + bonus * index,
      fp: 1,
      fn: 1,
    })),
  );
  return summarise([{ arm: name, records }])[0]!;
}

const masks = new Map([
  [hostile, square(1, 2)],
  ['ben', square(1, 1)],
]);
const panel: Panel = {
  title: `organ of ${hostile}`,
  support: { image, masks },
  query: { image, truth: masks },
  predictions: new Map([
    ['base', masks],
    ['japc', masks],
  ]),
};
const arms = [arm('base', 0), arm('japc', 1)];
const comparisons = [compareArms(arms[1]!, arms[0]!)];
const page = reportPage({
  title: hostile,
  arms,
  comparisons,
  parameters: { base: 1000, japc: 66_536 },
  panels: [panel, panel],
  config: { name: hostile },
  versions,
});

describe('reportPage', () => {
  it('escapes every name', () => {
    expect(page).not.toContain('<img src="http');
    expect(page).not.toContain("onerror='");
    expect(page).toContain('&#60;img src=&#34;http');
    expect(page.match(/<title>([^<]*)<\/title>/)![1]).toContain('&#38; co');
  });

  it('loads nothing', () => {
    const addresses = [...page.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, address]) => address!);
    expect(addresses.length).toBeGreaterThan(0);
    expect(addresses.every((address) => address.startsWith('data:image/png;base64,'))).toBe(true);
    expect(page).not.toMatch(/<script|<link|@import|url\(/);
  });

  it('shows tables, every panel, and how it was made', () => {
    expect(page).toContain('Dice (%)');
    expect(page).toContain('japc over base');
    expect(page).toContain('base 1,000, japc 66,536');
    expect(page).toContain('How this was made');
    expect(page).toContain('&#34;tfjs&#34;: &#34;4&#34;');
    expect([...page.matchAll(/<table>/g)]).toHaveLength(2);
    // Support, query, disagreement; then for each arm two pictures a rater and a map.
    const pictures = [...page.matchAll(/base64,([^"]*)"/g)];
    expect(pictures).toHaveLength(2 * (3 + 2 * (2 * 2 + 1)));
    for (const [, data] of pictures)
      expect(decodePng(Buffer.from(data!, 'base64'))).toMatchObject({ width: 4, height: 4 });
  });

  it('does without truth and tables', () => {
    const { truth: _truth, ...query } = panel.query;
    const plain = reportPage({ title: 'Segmentation', panels: [{ ...panel, query }], config: {}, versions });
    expect(plain).not.toContain('<table>');
    expect(plain).not.toContain('Dice');
    expect([...plain.matchAll(/<img/g)]).toHaveLength(2 + 2 * 3);
  });
});

describe('pictures', () => {
  it('draws the edge of a mask and leaves its inside', () => {
    const full = { width: 4, height: 4, data: new Uint8Array(16).fill(1) };
    const { data } = outlined(image, [{ mask: full, colour: [9, 8, 7] }]);
    expect([...data.subarray(0, 3)]).toEqual([9, 8, 7]);
    expect([...data.subarray(15, 18)]).toEqual([85, 85, 85]);
  });

  it('tells too much from missed', () => {
    const { data } = difference(image, square(0, 1), square(1, 2));
    expect([0, 1, 2, 3].map((x) => [...data.subarray(3 * x, 3 * x + 3)])).toEqual([
      [230, 120, 0],
      [10, 10, 10],
      [40, 120, 255],
      [31, 31, 31],
    ]);
  });

  it('is the share of the minority', () => {
    const map = disagreement([square(0, 0), square(0, 1), square(0, 2)]);
    expect([...map.data.subarray(0, 4)].map((value) => value.toFixed(3))).toEqual(['0.000', '0.333', '0.333', '0.000']);
  });
});

describe('tables', () => {
  it('has a row an arm, with classes, raters and mean', () => {
    const { columns, rows } = diceTable(arms);
    const head = ['arm', 'organ', hostile, 'ben', 'mean', '95 % interval', 'supports'];
    expect(columns.map(({ title }) => title)).toEqual(head);
    // Dice 8/10, 10/12, 12/14, and 8/10, 12/14, 16/18.
    expect(rows.map((row) => row[4]!.text)).toEqual([
      formatPercent((0.8 + 10 / 12 + 12 / 14) / 3),
      formatPercent((0.8 + 12 / 14 + 16 / 18) / 3),
    ]);
    expect(comparisonTable(comparisons).rows[0]!.at(-1)).toEqual({ text: '3' });
    expect(rows[0]![5]!.text).toMatch(/^80\.00 to 85\.71$/);
    const alone = { ...arms[0]!, supports: arms[0]!.supports.slice(0, 1) };
    expect(diceTable([alone]).rows[0]!.slice(5)).toEqual([{ text: '' }, { text: '1' }]);
    // An arm that learned from supports of one class hides no class of the others.
    const narrow = { ...arms[0]!, byClass: {} };
    expect(diceTable([narrow, arms[1]!]).columns.map(({ title }) => title)).toEqual(head);
  });
});
