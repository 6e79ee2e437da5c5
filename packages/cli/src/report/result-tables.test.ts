import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderMarkdown } from '@fsmr/metrics';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareFamily } from './comparisons.js';
import { groupRuns } from './experiments.js';
import { longCsv } from './long-csv.js';
import { resultTables } from './result-tables.js';
import { type MadeUpDice, madeUpRun } from './results.fixture.js';
import { type RunResults, readRunResults } from './run-results.js';
import { scoresOf } from './scores.js';

/** Dice of class x taught by a and b and of class y taught by c, each by two raters. */
const dice = (a: [number, number], b: [number, number], c: [number, number]): MadeUpDice[string] => {
  const raters = ([anna, ben]: [number, number]) => ({ anna, ben });
  return { x: { a: raters(a), b: raters(b) }, y: { c: raters(c) } };
};
const supports = ['a', 'b', 'c'];

let folder: string;
let runs: RunResults[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fsmr-tables-'));
  const make = async (seed: number, base: MadeUpDice[string], japc: MadeUpDice[string]) =>
    readRunResults(
      await madeUpRun(
        join(folder, String(seed)),
        { seed, evaluation: { arms: ['base', 'japc'], supports } },
        { base: base!, japc: japc! },
      ),
    );
  runs = [
    await make(1, dice([40, 60], [60, 80], [20, 40]), dice([50, 70], [60, 80], [24, 46])),
    await make(2, dice([44, 64], [60, 80], [20, 40]), dice([50, 70], [66, 86], [30, 50])),
  ];
});
afterAll(() => rm(folder, { recursive: true }));

describe('resultTables', () => {
  it('averages supports, classes and seeds in that order', () => {
    const [experiment, ...others] = groupRuns(runs);
    expect(others).toEqual([]);
    const [base, japc] = scoresOf(experiment!);
    expect(base!.byClass.x).toBeCloseTo(0.61, 12); // seed 1: (50 + 70) / 2 = 60, seed 2: (54 + 70) / 2 = 62
    expect(base!.byClass.y).toBeCloseTo(0.3, 12);
    expect(base!.dice).toBeCloseTo(0.455, 12);
    expect(base!.spread).toBeCloseTo(Math.SQRT1_2 / 100, 12); // 45 and 46
    expect(base!.byRater.anna).toBeCloseTo((0.35 + 0.36) / 2, 12); // seed 1: x (40 + 60) / 2, y 20
    expect(japc!.dice).toBeCloseTo(0.52, 12);
    expect(japc!.interval.low).toBeLessThan(0.52);
    expect(japc!.interval.high).toBeGreaterThan(0.52);
    expect(japc!.interval.estimate).toBeCloseTo(0.52, 12);
  });

  it('pairs cases, their differences averaged over seeds', () => {
    const [base, japc] = scoresOf(groupRuns(runs)[0]!);
    const [comparison] = compareFamily([[japc!, base!]]);
    // Differences a: 10 and 6, b: 0 and 6, c: 5 and 10, so 8, 3 and 7.5.
    const mean = (8 + 3 + 7.5) / 3;
    const deviation = Math.sqrt(((8 - mean) ** 2 + (3 - mean) ** 2 + (7.5 - mean) ** 2) / 2);
    const t = mean / (deviation / Math.sqrt(3));
    expect(comparison!.test).toMatchObject({ n: 3 });
    expect(comparison!.test!.meanDifference).toBeCloseTo(mean / 100, 12);
    expect(comparison!.test!.t).toBeCloseTo(t, 9);
    // Student's distribution with two degrees of freedom has a closed form.
    expect(comparison!.test!.p).toBeCloseTo((1 - t / Math.sqrt(2 + t * t)) / 2, 12);
    expect(comparison!.pooled).toMatchObject({ n: 6 });
    expect(comparison!.pooled!.t).toBeCloseTo(4.0711, 4);
    expect(comparison!.adjusted).toBe(comparison!.test!.p);
  });

  it('takes a support of several classes for one pair', async () => {
    const raters = (anna: number, ben: number) => ({ anna, ben });
    const of = (x: number, y: number, alone: number): MadeUpDice[string] => ({
      x: { a: raters(x, x), b: raters(alone, alone) },
      y: { a: raters(y, y) },
    });
    const run = await madeUpRun(
      join(folder, 'classes'),
      { seed: 1, evaluation: { arms: ['base', 'japc'], supports: ['a', 'b'] } },
      { base: of(50, 20, 60), japc: of(60, 40, 60) },
    );
    const [base, japc] = scoresOf(groupRuns([await readRunResults(run)])[0]!);
    const [comparison] = compareFamily([[japc!, base!]]);
    // a: (10 + 20) / 2, b: 0, so the mean is 7.5 and so is its standard error.
    expect(comparison!.test).toMatchObject({
      n: 2,
      meanDifference: expect.closeTo(0.075, 12),
      t: expect.closeTo(1, 9),
    });
    expect(comparison!.gain).toBeCloseTo((0.05 + 0.2) / 2, 12);
  });

  it('corrects a family for its number', () => {
    const [base, japc] = scoresOf(groupRuns(runs)[0]!);
    const [one, other] = compareFamily([
      [japc!, base!],
      [base!, japc!],
    ]);
    expect(one!.adjusted).toBeCloseTo(2 * one!.test!.p, 12);
    expect(other!.adjusted).toBeCloseTo(1 - one!.test!.p, 12);
  });

  it('writes the tables of the paper', () => {
    const [tables] = resultTables(groupRuns(runs));
    expect(renderMarkdown(tables!.byClass)).toMatchInlineSnapshot(`
      "bubil, Setting 1: Dice (%) by class

      | Method | x | y | Mean | 95% interval | p | p (Holm) | Gain | SD of seeds | Seeds |
      | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
      | ALPNet | 61.00 | 30.00 | 45.50 | [30.00, 70.00] |  |  |  | 0.71 | 2 |
      | ALPNet + JAPC | **66.50** | **37.50** | **52.00** | [37.50, 73.00] | 0.0303 | 0.0303 | +6.50 | 2.83 | 2 |
      "
    `);
    expect(renderMarkdown(tables!.byRater)).toMatchInlineSnapshot(`
      "bubil, Setting 1: Dice (%) by rater

      | Method | anna | ben | Mean | 95% interval | p | p (Holm) | Gain | SD of seeds | Seeds |
      | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
      | ALPNet | 35.50 | 55.50 | 45.50 | [30.00, 70.00] |  |  |  | 0.71 | 2 |
      | ALPNet + JAPC | **41.75** | **62.25** | **52.00** | [37.50, 73.00] | 0.0303 | 0.0303 | +6.50 | 2.83 | 2 |
      "
    `);
    expect(renderMarkdown(tables!.comparisons!)).toMatchInlineSnapshot(`
      "bubil, Setting 1: paired one-tailed tests over supports

      | Comparison | Mean difference | t | p | p (Holm) | p (Wilcoxon) | Pairs | p (seeds as pairs) | Pairs |
      | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
      | ALPNet + JAPC over ALPNet | +6.17 | 3.88 | 0.0303 | 0.0303 | 0.125 | 3 | 0.00481 | 6 |
      "
    `);
    expect(tables!.ablations).toEqual([]);
  });

  it('lists every value once in the long table', () => {
    const lines = longCsv(resultTables(groupRuns(runs)).flatMap(({ scores }) => scores))
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(1 + 2 * 2 * 3 * 2);
    expect(lines.slice(0, 2)).toEqual([
      'dataset,setting,method,variant,arm,seed,class,rater,support,dice',
      'bubil,1,alpnet,as given,base,1,x,anna,a,0.4',
    ]);
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('compares variants with the first of them', async () => {
    const japc = dice([40, 60], [50, 70], [20, 40])!;
    const plain = await readRunResults(
      await madeUpRun(
        join(folder, 'plain'),
        { seed: 1, training: { styles: 'none' }, evaluation: { arms: ['japc'], supports } },
        { japc },
      ),
    );
    const [tables] = resultTables(groupRuns([...runs, plain]));
    expect(tables!.byClass.rows).toHaveLength(2);
    expect(tables!.ablations.map(renderMarkdown)).toMatchInlineSnapshot(`
      [
        "bubil, Setting 1: ablation of ALPNet + JAPC, Dice (%) by class

      | Method | x | y | Mean | 95% interval | SD of seeds | Seeds | Change | p (first better) | p (Holm) |
      | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
      | ALPNet | 61.00 | 30.00 | 45.50 | [30.00, 70.00] | 0.71 | 2 | -6.50 | 0.0303 | 0.0377 |
      | as given | **66.50** | **37.50** | **52.00** | [37.50, 73.00] | 2.83 | 2 |  |  |  |
      | styles none | 55.00 | 30.00 | 42.50 | [30.00, 60.00] | - | 1 | -7.50 | 0.0189 | 0.0377 |
      ",
      ]
    `);
  });
});
