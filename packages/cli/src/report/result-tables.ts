import { formatPercent, formatProbability, type ResultRow, resultTable, type Table } from '@fsmr/metrics';
import { type Comparison, compareFamily } from './comparisons.js';
import type { Experiment } from './experiments.js';
import { armName, experimentTitle } from './names.js';
import { type Scores, scoresOf } from './scores.js';
import { numberTable } from './tables.js';

/** The tables of one data set in one setting. */
export interface ResultTables {
  readonly title: string;
  /** Methods by classes, as the paper's first table. */
  readonly byClass: Table;
  /** Methods by raters. */
  readonly byRater: Table;
  /** JAPC against every other arm of its method; absent where there is no other. */
  readonly comparisons: Table | undefined;
  /** For each method with variants, its variants by classes. */
  readonly ablations: readonly Table[];
  /** Every arm of every variant, for the long table. */
  readonly scores: readonly Scores[];
}

/** The tables of all experiments: one set for each data set and setting, in the order given. */
export function resultTables(experiments: readonly Experiment[]): ResultTables[] {
  const places = new Map<string, Experiment[]>();
  for (const experiment of experiments) {
    const title = experimentTitle(experiment);
    places.set(title, [...(places.get(title) ?? []), experiment]);
  }
  return [...places].map(([title, members]) => tablesOf(title, members));
}

function tablesOf(title: string, experiments: readonly Experiment[]): ResultTables {
  const scores = experiments.flatMap(scoresOf);
  const main = scores.filter(({ experiment }) => experiment.isReference);
  const names = rowNames(main);
  const families = mainFamilies(main);
  const over = new Map(families.get('base')?.map((comparison) => [comparison.first, comparison]));
  const table = (by: 'class' | 'rater') =>
    scoreTable(main, { by, names, comparisons: over, caption: `${title}: Dice (%) by ${by}` });
  return {
    title,
    byClass: table('class'),
    byRater: table('rater'),
    comparisons: families.size === 0 ? undefined : comparisonTable(title, names, [...families.values()].flat()),
    ablations: ablations(title, scores),
    scores,
  };
}

/** JAPC over each other arm of its experiment; one family for each kind of opponent. */
function mainFamilies(scores: readonly Scores[]): Map<string, Comparison[]> {
  const pairs = new Map<string, (readonly [Scores, Scores])[]>();
  for (const first of scores.filter(({ arm }) => arm === 'japc')) {
    for (const second of scores.filter(({ experiment, arm }) => experiment === first.experiment && arm !== 'japc')) {
      pairs.set(second.arm, [...(pairs.get(second.arm) ?? []), [first, second]]);
    }
  }
  return new Map([...pairs].map(([arm, family]) => [arm, compareFamily(family)]));
}

/** A name for each row; arms of one name that come from several methods also name the method. */
function rowNames(scores: readonly Scores[]): Map<Scores, string> {
  const names = scores.map(({ experiment, arm }) => armName(arm, experiment.method));
  return new Map(
    scores.map((row, index) => {
      const name = names[index]!;
      const alone = names.filter((other) => other === name).length === 1;
      return [row, alone ? name : `${name} (${armName('base', row.experiment.method)})`];
    }),
  );
}

interface ScoreTableOptions {
  readonly by: 'class' | 'rater';
  readonly names: ReadonlyMap<Scores, string>;
  /** The comparison shown in a row, by its first side. */
  readonly comparisons: ReadonlyMap<Scores, Comparison>;
  readonly caption: string;
}

/** The shape of the paper's tables, with gain and corrected p-value in the rows that were tested. */
function scoreTable(scores: readonly Scores[], { by, names, comparisons, caption }: ScoreTableOptions): Table {
  const rows = scores.map((row): ResultRow => {
    const test = comparisons.get(row)?.test;
    return {
      name: names.get(row)!,
      values: by === 'class' ? row.byClass : row.byRater,
      mean: row.dice,
      std: row.spread,
      interval: row.interval,
      unit: 'support',
      units: row.cases.length,
      test: test === undefined ? null : { against: 'base', ...test },
      undefinedCount: row.undefinedCount,
      missingCount: 0,
    };
  });
  const table = withSupports(resultTable(rows, { caption }), scores);
  if (rows.every(({ test }) => test === null)) return withSeeds(table, scores);
  const gains = scores.map((row) => {
    const comparison = comparisons.get(row);
    if (comparison?.test === undefined) return ['', ''];
    return [signed(comparison.gain), formatProbability(asProbability(comparison.adjusted))];
  });
  return withSeeds(
    withColumns(
      table,
      ['p (Holm)', 'Gain'],
      gains.map(([gain, p]) => [p!, gain!]),
    ),
    scores,
  );
}

/** How many supports a row is the mean of, where rows differ in that. */
function withSupports(table: Table, scores: readonly Scores[]): Table {
  if (new Set(scores.map(({ cases }) => cases.length)).size < 2) return table;
  const cells = scores.map(({ cases }) => [String(cases.length)]);
  return withColumns(table, ['Supports'], cells);
}

/** With several seeds, how many and how far apart their means are. */
function withSeeds(table: Table, scores: readonly Scores[]): Table {
  if (scores.every(({ repeats }) => repeats.length < 2)) return table;
  const cells = scores.map(({ repeats, spread }) => [formatPercent(spread), String(repeats.length)]);
  return withColumns(table, ['SD of seeds', 'Seeds'], cells);
}

function withColumns(table: Table, titles: readonly string[], cells: readonly (readonly string[])[]): Table {
  return {
    ...table,
    columns: [...table.columns, ...titles.map((title) => ({ title, align: 'right' as const }))],
    rows: table.rows.map((row, index) => [...row, ...cells[index]!.map((text) => ({ text }))]),
  };
}

function comparisonTable(title: string, names: ReadonlyMap<Scores, string>, comparisons: readonly Comparison[]): Table {
  const pooled = comparisons.some((comparison) => comparison.pooled !== undefined);
  const head = [
    'Comparison',
    'Mean difference',
    't',
    'p',
    'p (Holm)',
    'p (Wilcoxon)',
    'Pairs',
    ...(pooled ? ['p (seeds as pairs)', 'Pairs'] : []),
  ];
  const rows = comparisons.map(({ first, second, test, ranked, adjusted, pooled: each }) => [
    `${names.get(first)} over ${names.get(second)}`,
    signed(test?.meanDifference ?? Number.NaN),
    test === undefined ? '-' : test.t.toFixed(2),
    test === undefined ? '-' : formatProbability(test),
    formatProbability(asProbability(adjusted)),
    ranked === undefined ? '-' : formatProbability(ranked),
    String(test?.n ?? 0),
    ...(pooled ? [each === undefined ? '-' : formatProbability(each), String(each?.n ?? test?.n ?? 0)] : []),
  ]);
  return { caption: `${title}: paired one-tailed tests over supports`, ...numberTable(head, rows) };
}

/** One table a method that has variants: each against the reference, whose question is whether the reference is better. */
function ablations(title: string, scores: readonly Scores[]): Table[] {
  const methods = [...new Set(scores.map(({ experiment }) => experiment.method))];
  return methods.flatMap((method) => {
    const own = scores.filter(({ experiment }) => experiment.method === method);
    if (new Set(own.map(({ experiment }) => experiment)).size < 2) return [];
    const rows = withoutRepeatedBase(own);
    const names = new Map(rows.map((row) => [row, ablationName(row, own)]));
    const reference = rows.find(({ experiment, arm }) => experiment.isReference && arm === 'japc');
    const pairs =
      reference === undefined ? [] : rows.filter((row) => row !== reference).map((row) => [reference, row] as const);
    const comparisons = compareFamily(pairs);
    const caption = `${title}: ablation of ${armName('japc', method)}, Dice (%) by class`;
    const table = scoreTable(rows, { by: 'class', names, comparisons: new Map(), caption });
    if (reference === undefined) return [table];
    const cells = rows.map((row) => {
      const comparison = comparisons.find(({ second }) => second === row);
      if (comparison?.test === undefined) return ['', '', ''];
      const { gain, test, adjusted } = comparison;
      return [signed(-gain), formatProbability(test), formatProbability(asProbability(adjusted))];
    });
    return [withColumns(table, ['Change', 'p (first better)', 'p (Holm)'], cells)];
  });
}

/** What JAPC is given does not touch the base arm, so variants may all hold the same base. */
function withoutRepeatedBase(scores: readonly Scores[]): Scores[] {
  const seen = new Set<string>();
  return scores.filter(({ arm, cases }) => {
    if (arm === 'japc') return true;
    const key = JSON.stringify([arm, cases.map((one) => [one.key, [...one.dice]])]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function ablationName({ experiment, arm }: Scores, all: readonly Scores[]): string {
  const name = armName(arm, experiment.method);
  if (arm === 'japc') return experiment.variant;
  const several = all.filter((row) => row.arm === arm).length > 1 && !experiment.isReference;
  return several ? `${name}, ${experiment.variant}` : name;
}

/** Points of Dice with their sign. */
function signed(fraction: number): string {
  const text = formatPercent(fraction);
  return Number.isFinite(fraction) && fraction >= 0 ? `+${text}` : text;
}

function asProbability(p: number) {
  return { p, log10p: Math.log10(p) };
}
