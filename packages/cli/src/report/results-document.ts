import type { Block, Figure, ReportDocument } from './document.js';
import type { Experiment } from './experiments.js';
import type { ResultTables } from './result-tables.js';
import { undefinedNote } from './tables.js';
import { traceCommands, traceTable } from './trace.js';

/** What a report over runs is made of. */
export interface ResultsInputs {
  readonly title: string;
  readonly experiments: readonly Experiment[];
  readonly tables: readonly ResultTables[];
  readonly figures: readonly Figure[];
  /** What is missing and why, such as cells of a sweep that failed. */
  readonly missing: readonly string[];
}

const meaning =
  "Dice of each rater's prediction with that rater's own truth, averaged over queries, then over raters, supports and " +
  'classes with equal weights, then over seeds. The best value of a column is bold. Intervals are bootstraps over cases ' +
  '(95 %); a case is one support scan with all its classes and seeds.';

const testing =
  'p: one-tailed paired t-test, is the method better with JAPC than without? A pair is a case: both arms under the same ' +
  'seed, the difference averaged over the classes of that support and the seeds that used it, so that more seeds do not pass for more cases. ' +
  'Where a seed draws its own images (phantom), a support of each seed is a case of its own. "Seeds as pairs" takes ' +
  'every seed of a case as a pair. Holm corrects over all rows of a data set and setting that are compared with the same ' +
  'kind of opponent; in an ablation over all its rows. Gain and change: difference of the means over the supports ' +
  'and seeds both have, where classes weigh alike; mean difference: over pairs. Supports share their queries, so pairs are not independent and p is ' +
  'too small; the published test does not correct for that either.';

/** The report over runs: tables, figures, and where every number comes from. */
export function resultsDocument({ title, experiments, tables, figures, missing }: ResultsInputs): ReportDocument {
  const runs = experiments.flatMap((experiment) => experiment.runs);
  const table = (one: ResultTables['byClass']): Block => ({ kind: 'table', table: one });
  return {
    title,
    blocks: [
      { kind: 'text', text: meaning },
      ...(tables.some(({ comparisons }) => comparisons !== undefined)
        ? [{ kind: 'text', text: testing } as const]
        : []),
      ...missing.map((text): Block => ({ kind: 'text', text: `Missing: ${text}` })),
      ...tables.flatMap((one): Block[] => [
        { kind: 'heading', text: one.title },
        table(one.byClass),
        table(one.byRater),
        ...(one.comparisons === undefined ? [] : [table(one.comparisons)]),
        ...one.ablations.map(table),
        ...undefinedBlock(one),
      ]),
      ...(figures.length === 0 ? [] : [{ kind: 'heading', text: 'Figures' } as const]),
      ...figures.map((figure): Block => ({ kind: 'figure', figure })),
      { kind: 'heading', text: 'Where the numbers come from' },
      table(traceTable(experiments)),
      { kind: 'code', text: traceCommands(runs) },
    ],
  };
}

function undefinedBlock({ scores }: ResultTables): Block[] {
  const counts = scores.map(({ experiment: { method, variant }, arm, undefinedCount }) => ({
    arm: `${method} (${variant}) ${arm}`,
    undefinedCount,
  }));
  const text = undefinedNote(counts);
  return text === undefined ? [] : [{ kind: 'text', text }];
}
