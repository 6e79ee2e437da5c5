import type { ArmComparison, ArmSummary } from '@fsmr/training';
import { type Html, html, tableOf } from './html.js';

/** A fraction in percent with two decimals. */
export function percent(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? 'n/a' : (100 * value).toFixed(2);
}

/** A probability with three digits; far tails as a power of ten, which a double could not hold. */
export function probability({ p, log10p }: { readonly p: number; readonly log10p: number }): string {
  if (Number.isNaN(p)) return 'n/a';
  if (p >= 1e-4) return p.toPrecision(3);
  const exponent = Math.floor(log10p);
  return `${(10 ** (log10p - exponent)).toFixed(2)}e${exponent}`;
}

/** The rows of the Dice table: one an arm, the same for page, Markdown and terminal. */
export function diceRows(arms: readonly ArmSummary[]): { readonly head: string[]; readonly rows: string[][] } {
  const classes = Object.keys(arms[0]?.byClass ?? {});
  const raters = Object.keys(arms[0]?.byRater ?? {});
  return {
    head: ['arm', ...classes, ...raters, 'mean', '95 % interval', 'supports'],
    rows: arms.map((arm) => [
      arm.arm,
      ...classes.map((name) => percent(arm.byClass[name])),
      ...raters.map((rater) => percent(arm.byRater[rater])),
      percent(arm.dice),
      `${percent(arm.interval.low)} to ${percent(arm.interval.high)}`,
      String(arm.supports.length),
    ]),
  };
}

/** The rows of the comparison table. */
export function comparisonRows(comparisons: readonly ArmComparison[]): {
  readonly head: string[];
  readonly rows: string[][];
} {
  return {
    head: ['comparison', 'gain (points)', 't', 'p (one-tailed, paired)', 'pairs'],
    rows: comparisons.map(({ first, second, test }) => [
      `${first} over ${second}`,
      percent(test.meanDifference),
      test.t.toFixed(2),
      probability(test),
      String(test.n),
    ]),
  };
}

/** Cells as a line of CSV (RFC 4180). */
export function csvLine(cells: readonly unknown[]): string {
  const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return cells.map((cell) => quoted(String(cell))).join(',');
}

/** Rows as a Markdown table. */
export function markdownTable({
  head,
  rows,
}: {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** Both tables of an evaluation, with what their numbers mean. */
export function evaluationHtml(
  arms: readonly ArmSummary[],
  comparisons: readonly ArmComparison[],
  parameters: Readonly<Record<string, number>>,
): Html {
  const counts = Object.entries(parameters).map(([arm, count]) => `${arm} ${count.toLocaleString('en')}`);
  const dice = diceRows(arms);
  const compared = comparisonRows(comparisons);
  return html`<h2>Dice (%)</h2>${tableOf(dice.head, dice.rows)}
<p class="note">Dice of each rater's prediction with that rater's own truth, averaged over queries, then supports, then classes: classes first, then raters, then the mean over all. The interval is a bootstrap over supports.</p>
<p class="note">base: each rater segmented alone with the base method. japc: all raters together, calibrated. consensus: one mask for all raters, from the pixels most of them marked.</p>
${counts.length === 0 ? [] : html`<p class="note">Trained parameters: ${counts.join(', ')}.</p>`}
${compared.rows.length === 0 ? [] : [html`<h2>Comparison</h2>`, tableOf(compared.head, compared.rows), html`<p class="note">One observation a support. Supports share their queries, so the observations are not independent; the published test does not correct for that, nor does this one.</p>`]}`;
}
