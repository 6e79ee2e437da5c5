import { formatPercent, formatProbability, renderHtml, type Table } from '@fsmr/metrics';
import type { ArmComparison, ArmSummary } from '@fsmr/training';
import { type Html, html } from './html.js';

/** A table of numbers, each row named by its first cell. */
export function numberTable(head: readonly string[], rows: readonly (readonly string[])[]): Table {
  return {
    columns: head.map((title, index) => ({ title, align: index === 0 ? 'left' : 'right' })),
    rows: rows.map((row) => row.map((text) => ({ text }))),
  };
}

/** The Dice table: one row an arm, the same for page, Markdown and terminal. */
export function diceTable(arms: readonly ArmSummary[]): Table {
  // An arm that learned from few supports may know fewer classes.
  const union = (of: (arm: ArmSummary) => Readonly<Record<string, number>>): string[] => {
    const fullest = [...arms].sort((a, b) => Object.keys(of(b)).length - Object.keys(of(a)).length);
    return [...new Set(fullest.flatMap((arm) => Object.keys(of(arm))))];
  };
  const classes = union(({ byClass }) => byClass);
  const raters = union(({ byRater }) => byRater);
  const percent = (fraction = Number.NaN): string => formatPercent(fraction);
  return numberTable(
    ['arm', ...classes, ...raters, 'mean', '95 % interval', 'supports'],
    arms.map((arm) => [
      arm.arm,
      ...classes.map((name) => percent(arm.byClass[name])),
      ...raters.map((rater) => percent(arm.byRater[rater])),
      percent(arm.dice),
      // Of one support there is none: resampled, it is always itself.
      supportCount(arm) < 2 ? '' : `${percent(arm.interval.low)} to ${percent(arm.interval.high)}`,
      String(supportCount(arm)),
    ]),
  );
}

const supportCount = ({ supports }: ArmSummary): number => new Set(supports.map(({ support }) => support)).size;

/** The table of paired tests. */
export function comparisonTable(comparisons: readonly ArmComparison[]): Table {
  return numberTable(
    ['comparison', 'gain (points)', 't', 'p (one-tailed, paired)', 'pairs'],
    comparisons.map(({ first, second, test }) => [
      `${first} over ${second}`,
      formatPercent(test.meanDifference),
      test.t.toFixed(2),
      formatProbability(test),
      String(test.n),
    ]),
  );
}

/**
 * Says how many Dice values are undefined; nothing where there are none. (The published program lets one of them make all
 * means undefined; tables do so where `evaluation.nan` says it.)
 */
export function undefinedNote(arms: readonly Pick<ArmSummary, 'arm' | 'undefinedCount'>[]): string | undefined {
  const counts = arms.filter(({ undefinedCount }) => undefinedCount > 0);
  if (counts.length === 0) return undefined;
  const list = counts.map(({ arm, undefinedCount }) => `${arm} ${undefinedCount}`).join(', ');
  return `Undefined Dice, nothing predicted where nothing is true, in no mean unless evaluation.nan is "propagate": ${list}.`;
}

/** Both tables of an evaluation, with what their numbers mean. */
export function evaluationHtml(
  arms: readonly ArmSummary[],
  comparisons: readonly ArmComparison[],
  parameters: Readonly<Record<string, number>>,
): Html {
  const undefinedDice = undefinedNote(arms);
  const counts = Object.entries(parameters).map(([arm, count]) => `${arm} ${count.toLocaleString('en')}`);
  return html`<h2>Dice (%)</h2>${tableHtml(diceTable(arms))}
<p class="note">Dice of each rater's prediction with that rater's own truth, averaged over queries, then supports, then classes: classes first, then raters, then the mean over all. The interval is a bootstrap over supports.</p>
<p class="note">base: each rater segmented alone with the base method. japc: all raters together, calibrated. consensus: one mask for all raters, from the pixels most of them marked.</p>
${undefinedDice === undefined ? [] : html`<p class="note">${undefinedDice}</p>`}
${counts.length === 0 ? [] : html`<p class="note">Trained parameters: ${counts.join(', ')}.</p>`}
${comparisons.length === 0 ? [] : [html`<h2>Comparison</h2>`, tableHtml(comparisonTable(comparisons)), html`<p class="note">One observation a support. Supports share their queries, so the observations are not independent; the published test does not correct for that, nor does this one.</p>`]}`;
}

const tableHtml = (table: Table): Html => ({ html: renderHtml(table) });
