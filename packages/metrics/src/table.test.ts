import { InputError } from '@fsmr/core/errors';
import { describe, expect, it } from 'vitest';
import type { CountRecord } from './aggregate.js';
import { renderCsv, renderHtml, renderLatex, renderMarkdown } from './render.js';
import { resultRows } from './result-rows.js';
import { pairedTTest } from './t-test.js';
import { formatPercent, formatProbability, resultTable, type Table } from './table.js';

/** Records whose Dice is `percent` / 100, for three supports, two scans, two raters and two classes. */
function records(percent: (support: number, rater: number, name: number) => number, supports = 3): CountRecord[] {
  return [...Array(supports * 8).keys()].map((i) => {
    const [support, scan, rater, name] = [i >> 3, (i >> 2) & 1, (i >> 1) & 1, i & 1];
    const tp = percent(support!, rater!, name!);
    return {
      ...(supports > 1 ? { support: `s${support}` } : {}),
      scan: `q${scan}`,
      rater: `R${rater! + 1}`,
      class: ['liver', 'kidney'][name!]!,
      tp,
      fp: 200 - 2 * tp,
      fn: 0,
    };
  });
}

const base = { name: 'ALPNet', repeats: [records((support, rater, name) => 60 + support + 2 * rater - 10 * name)] };
const ours = {
  name: 'ALPNet + JAPC',
  against: 'ALPNet',
  repeats: [records((support, rater, name) => 61 + 2 * support + 2 * rater - 10 * name)],
};

describe('resultRows', () => {
  it('averages over scans, raters, classes and supports, and tests support by support', () => {
    const [first, second] = resultRows([base, ours]);
    expect(first!.values.liver).toBeCloseTo(0.62, 12);
    expect(first!.values.kidney).toBeCloseTo(0.52, 12);
    expect(first!.mean).toBeCloseTo(0.57, 12);
    expect(first!.std).toBeCloseTo(0.01 * Math.sqrt(2 / 3), 12);
    expect(first).toMatchObject({ unit: 'support', units: 3, test: null, undefinedCount: 0, missingCount: 0 });
    expect(first!.interval.low).toBeGreaterThanOrEqual(0.56 - 1e-12);
    expect(first!.interval.high).toBeLessThanOrEqual(0.58 + 1e-12);
    expect(second!.test).toMatchObject({ against: 'ALPNet', n: 3, df: 2 });
    expect(second!.test!.p).toBeCloseTo(pairedTTest([0.57, 0.59, 0.61], [0.56, 0.57, 0.58]).p, 9);
  });

  it('refuses to pair supports with scans, which have the same names', () => {
    const single = { name: 'one support', repeats: [records(() => 60, 1)] };
    expect(() => resultRows([single, { ...ours, against: 'one support' }])).toThrow(
      'run ALPNet + JAPC has a value a support, one support one a scan. Evaluate both with several supports',
    );
  });

  it('has raters as columns where asked to', () => {
    const [row] = resultRows([base], { by: 'rater' });
    expect(Object.keys(row!.values)).toEqual(['R1', 'R2']);
    expect(row!.values.R2! - row!.values.R1!).toBeCloseTo(0.02, 12);
  });

  it('has no interval where there is one unit', () => {
    const [row] = resultRows([base]);
    const interval = (units: number): string => resultTable([{ ...row!, units }]).rows[0]!.at(-1)!.text;
    expect(interval(3)).toMatch(/^\[5\d\.\d\d, 5\d\.\d\d\]$/);
    expect(interval(1)).toBe('');
  });

  it('averages seeds unit by unit, so that they are no further cases', () => {
    const seeds = [0, 3].map((shift) => records((support) => 60 + support + shift));
    const [row] = resultRows([{ name: 'two seeds', repeats: seeds }]);
    expect(row!.units).toBe(3);
    expect(row!.mean).toBeCloseTo(0.625, 12);
    expect(row!.std).toBeCloseTo(0.01 * Math.sqrt(2 / 3), 12);
  });

  it('takes scans as units where there is one support', () => {
    const [row] = resultRows([{ name: 'one', repeats: [records(() => 50, 1)] }]);
    expect(row).toMatchObject({ unit: 'scan', units: 2 });
  });

  it('leaves undefined values out of every number where that is asked for', () => {
    // Kidney is undefined for the first support, and nothing is defined for the second.
    const holed = (run: typeof base) =>
      run.repeats[0]!.map((record) =>
        record.support === 's1' || (record.support === 's0' && record.class === 'kidney')
          ? { ...record, tp: 0, fp: 0, fn: 0 }
          : record,
      );
    const runs = [base, ours].map((run) => ({ ...run, repeats: [holed(run)] }));
    const [first, second] = resultRows(runs, { nan: 'skip' });
    // Supports 0 and 2 have 61 and 63 percent on the liver, 2 has 53 on the kidney.
    expect(first!.values.liver).toBeCloseTo(0.62, 12);
    expect(first!.values.kidney).toBeCloseTo(0.53, 12);
    expect(first!.mean).toBeCloseTo((0.62 + 0.53) / 2, 12);
    expect(first!).toMatchObject({ units: 2, undefinedCount: 12 });
    expect(second!.test).toMatchObject({ n: 2, meanDifference: expect.closeTo((0.01 + 0.03) / 2, 12) });
    const [propagated] = resultRows(runs);
    expect([propagated!.values.kidney, propagated!.mean, propagated!.units]).toEqual([Number.NaN, Number.NaN, 3]);
  });

  /** A record of rater R1 whose Dice is `dice`, a multiple of 0.1. */
  const shown = (scan: string, name: string, dice: number, support?: string, rater = 'R1'): CountRecord => ({
    scan,
    rater,
    class: name,
    tp: 10 * dice,
    fp: 0,
    fn: 20 - 20 * dice,
    ...(support === undefined ? {} : { support }),
  });

  it('gives classes equal weights where supports show different ones, in mean, interval and columns', () => {
    // Three supports of class A at 0.9, one of class B at 0.1: the mean over supports would be 0.7.
    const run = {
      name: 'm',
      repeats: [[...['s1', 's2', 's3'].map((s) => shown('q', 'A', 0.9, s)), shown('q', 'B', 0.1, 's4')]],
    };
    const [row] = resultRows([run]);
    expect(row!.values).toEqual({ A: expect.closeTo(0.9, 12), B: expect.closeTo(0.1, 12) });
    expect(row!.mean).toBeCloseTo(0.5, 12);
    expect(row!.interval.estimate).toBe(row!.mean);
    expect(row!.interval.low).toBeLessThanOrEqual(0.5);
    expect(row!.interval.high).toBeGreaterThanOrEqual(0.5);
    // Of the supports' own values 0.9, 0.9, 0.9 and 0.1, around their mean 0.7.
    expect(row!.std).toBeCloseTo(Math.sqrt((3 * 0.2 ** 2 + 0.6 ** 2) / 4), 12);
    expect(row!).toMatchObject({ unit: 'support', units: 4 });
    expect(resultRows([run], { by: 'rater' })[0]!.values).toEqual({ R1: expect.closeTo(0.5, 12) });
  });

  it('gives classes equal weights where scans show different ones', () => {
    const records = [
      ...['1', '2', '3', '4'].map((scan) => shown(scan, 'A', 1)),
      shown('5', 'A', 0.9),
      shown('1', 'B', 0),
    ];
    const [row] = resultRows([{ name: 'one support', repeats: [records] }]);
    expect(row!.mean).toBeCloseTo(0.49, 12);
    expect(row!.interval.estimate).toBe(row!.mean);
    expect(row!.interval.low).toBeLessThanOrEqual(row!.mean);
    expect(row!.interval.high).toBeGreaterThanOrEqual(row!.mean);
    // Scan 1 has 1 on A and 0 on B.
    expect(row!.std).toBeCloseTo(Math.sqrt((3 * 0.12 ** 2 + 0.38 ** 2 + 0.02 ** 2) / 5), 12);
  });

  it('averages raters as published where one left scans out: over scans first, supports whole', () => {
    const records = [shown('1', 'A', 1), shown('2', 'A', 0.8), shown('1', 'A', 0.1, undefined, 'R2')];
    const [single] = resultRows([{ name: 'm', repeats: [records] }]);
    expect(single!.mean).toBeCloseTo((0.9 + 0.1) / 2, 12);
    expect(single!.interval.estimate).toBe(single!.mean);
    const supports = records.map((record) => ({ ...record, scan: 'q', support: record.scan }));
    const [several] = resultRows([{ name: 'm', repeats: [supports] }]);
    expect(several!.mean).toBeCloseTo(((1 + 0.1) / 2 + 0.8) / 2, 12);
    expect(several!.interval.estimate).toBe(several!.mean);
  });

  it('takes all numbers of a row from the units that every repeat has', () => {
    const repeats = [
      [shown('q', 'A', 0.5, 's1'), shown('q', 'A', 0.7, 's2'), shown('q', 'A', 0, 's3')],
      [shown('q', 'A', 0.7, 's1'), shown('q', 'A', 0.9, 's2')],
    ];
    const [row] = resultRows([{ name: 'two seeds', repeats }]);
    expect([row!.mean, row!.values.A]).toEqual([expect.closeTo(0.7, 12), expect.closeTo(0.7, 12)]);
    expect(row!.units).toBe(2);
    const apart = [[shown('1', 'A', 0.5)], [shown('2', 'A', 0.5)]];
    expect(() => resultRows([{ name: 'apart', repeats: apart }])).toThrow('the repeats of run apart share no scan');
  });

  it('knows no number where no Dice is defined and undefined ones are skipped', () => {
    const nothing = (support: string): CountRecord => ({ ...shown('q', 'A', 0, support), fn: 0 });
    const empty = { name: 'empty', repeats: [[nothing('s1'), nothing('s2')]] };
    const [row] = resultRows([empty], { nan: 'skip', bootstrap: { level: 0.9 } });
    expect(row!).toEqual({
      name: 'empty',
      values: { A: Number.NaN },
      mean: Number.NaN,
      std: Number.NaN,
      interval: { estimate: Number.NaN, low: Number.NaN, high: Number.NaN, level: 0.9 },
      unit: 'support',
      units: 0,
      test: null,
      undefinedCount: 2,
      missingCount: 0,
    });
    const some = { name: 'some', repeats: [[shown('q', 'A', 1, 's1'), shown('q', 'A', 1, 's2')]] };
    expect(() => resultRows([empty, { ...some, against: 'empty' }], { nan: 'skip' })).toThrow(
      'runs some and empty share 2 supports, but none whose Dice is defined in both',
    );
    const others = { name: 'others', repeats: [[shown('q', 'A', 1, 's7'), shown('q', 'A', 1, 's8')]] };
    expect(() => resultRows([some, { ...others, against: 'some' }])).toThrow('runs others and some share no support');
  });

  it('refuses an empty run and an unknown rival', () => {
    expect(() => resultRows([{ name: 'none', repeats: [[]] }])).toThrow(InputError);
    expect(() => resultRows([ours])).toThrow(/ALPNet/);
  });
});

describe('numbers', () => {
  it('percent', () => {
    expect([formatPercent(0.614842), formatPercent(0.5, 1), formatPercent(Number.NaN)]).toEqual(['61.48', '50.0', '-']);
  });

  it('probabilities, down to those no double holds', () => {
    const of = (log10p: number): string => formatProbability({ p: 10 ** log10p, log10p });
    expect(of(Math.log10(0.0249))).toBe('0.0249');
    expect(of(Math.log10(5.25e-19))).toBe('5.25e-19');
    expect(of(Math.log10(0.0312345))).toBe('0.0312');
    expect(of(-583.5061171474975)).toBe('3.12e-584');
    expect(of(-400.5)).toBe('3.16e-401');
    expect(of(Math.log10(9.999e-5))).toBe('1.00e-4');
    expect([of(0), of(Number.NEGATIVE_INFINITY), of(Number.NaN)]).toEqual(['1.00', '0', '-']);
  });
});

describe('tables', () => {
  const rows = resultRows([base, ours], { bootstrap: { method: 'percentile', seed: 1 } });
  const table = resultTable(rows, { caption: 'Dice in percent' });

  it('has a row a method, the best of each column standing out', () => {
    expect(table.columns.map(({ title }) => title)).toEqual(['Method', 'liver', 'kidney', 'Mean', '95% interval', 'p']);
    expect(table.rows[0]!.map(({ text }) => text)).toEqual(['ALPNet', '62.00', '52.00', '57.00', '[56.00, 58.00]', '']);
    expect(table.rows[1]!.map(({ text }) => text)).toEqual([
      'ALPNet + JAPC',
      '64.00',
      '54.00',
      '59.00',
      '[57.00, 61.00]',
      '0.0371',
    ]);
    expect(table.rows[1]!.map(({ strong }) => strong ?? false)).toEqual([false, true, true, true, false, false]);
  });

  const odd: Table = {
    caption: 'A & B',
    columns: [
      { title: 'a|b', align: 'left' },
      { title: 'p_1', align: 'right' },
    ],
    rows: [[{ text: 'x, "y" <z> 5%' }, { text: '5.25e-19', strong: true }]],
  };

  it('as Markdown', () => {
    expect(renderMarkdown(odd)).toBe(
      ['A & B', '', '| a\\|b | p_1 |', '| --- | ---: |', '| x, "y" <z> 5% | **5.25e-19** |', ''].join('\n'),
    );
  });

  it('as CSV', () => {
    expect(renderCsv(odd)).toBe('a|b,p_1\n"x, ""y"" <z> 5%",5.25e-19\n');
  });

  it('as LaTeX', () => {
    expect(renderLatex(odd)).toBe(
      [
        '\\begin{table}',
        '\\centering',
        '\\caption{A \\& B}',
        '\\begin{tabular}{lr}',
        '\\toprule',
        'a|b & p\\_1 \\\\',
        '\\midrule',
        'x, "y" <z> 5\\% & \\textbf{$5.25\\times10^{-19}$} \\\\',
        '\\bottomrule',
        '\\end{tabular}',
        '\\end{table}',
        '',
      ].join('\n'),
    );
  });

  it('as HTML', () => {
    expect(renderHtml(odd)).toBe(
      [
        '<table>',
        '<caption>A &amp; B</caption>',
        '<thead><tr><th>a|b</th><th style="text-align:right">p_1</th></tr></thead>',
        '<tbody>',
        '<tr><td>x, &quot;y&quot; &lt;z&gt; 5%</td><td style="text-align:right"><strong>5.25e-19</strong></td></tr>',
        '</tbody>',
        '</table>',
        '',
      ].join('\n'),
    );
  });
});
