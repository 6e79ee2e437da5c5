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
    expect(first!.mean).toBeCloseTo((0.61 + 0.58) / 2, 12);
    expect(first!).toMatchObject({ units: 2, undefinedCount: 12 });
    expect(second!.test).toMatchObject({ n: 2, meanDifference: expect.closeTo((0.01 + 0.03) / 2, 12) });
    const [propagated] = resultRows(runs);
    expect([propagated!.values.kidney, propagated!.mean, propagated!.units]).toEqual([Number.NaN, Number.NaN, 3]);
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
