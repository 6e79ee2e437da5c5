import type { Probability } from './probability.js';
import type { ResultRow } from './result-rows.js';

/** One cell: what it says, and whether it stands out. */
export interface Cell {
  readonly text: string;
  readonly strong?: boolean;
}

/** A table as data, ready for one of the renderers. */
export interface Table {
  readonly caption?: string;
  readonly columns: readonly { readonly title: string; readonly align: 'left' | 'right' }[];
  readonly rows: readonly (readonly Cell[])[];
}

/** How {@link resultTable} writes. */
export interface TableOptions {
  readonly caption?: string;
  /** Decimals of the percentages, 2 if not given. */
  readonly digits?: number;
}

/** What stands for a number that is not known. */
const UNKNOWN = '-';

/** A fraction as percent: `0.61484` is `61.48`; `-` for NaN. */
export function formatPercent(fraction: number, digits = 2): string {
  return Number.isFinite(fraction) ? (100 * fraction).toFixed(digits) : UNKNOWN;
}

/** A probability with three digits, in exponents below 0.001; right also where `p` itself is below any double. */
export function formatProbability({ p, log10p }: Probability): string {
  if (Number.isNaN(log10p)) return UNKNOWN;
  if (log10p === Number.NEGATIVE_INFINITY) return '0';
  if (p >= 0.001) return p.toPrecision(3);
  const exponent = Math.floor(log10p);
  const mantissa = (10 ** (log10p - exponent)).toFixed(2);
  return mantissa === '10.00' ? `1.00e${exponent + 1}` : `${mantissa}e${exponent}`;
}

/**
 * The paper's table: a method a row, a class or rater a column, then the mean, its interval and, where a row was tested,
 * p. In percent; the best value of each column stands out.
 */
export function resultTable(rows: readonly ResultRow[], { caption, digits = 2 }: TableOptions = {}): Table {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.values)))];
  const tested = rows.some((row) => row.test !== null);
  const scores = rows.map((row) => [...names.map((name) => row.values[name] ?? Number.NaN), row.mean]);
  const best = scores[0]?.map((_, k) => Math.max(...scores.map((row) => row[k]!).filter(Number.isFinite)));
  const right = (title: string) => ({ title, align: 'right' as const });
  return {
    ...(caption === undefined ? {} : { caption }),
    columns: [
      { title: 'Method', align: 'left' },
      ...names.map(right),
      right('Mean'),
      right(`${Math.round(100 * (rows[0]?.interval.level ?? 0.95))}% interval`),
      ...(tested ? [right('p')] : []),
    ],
    rows: rows.map((row, i) => [
      { text: row.name },
      ...scores[i]!.map((value, k) => ({
        text: formatPercent(value, digits),
        ...(rows.length > 1 && value === best?.[k] ? { strong: true } : {}),
      })),
      { text: intervalText(row, digits) },
      ...(tested ? [{ text: row.test === null ? '' : formatProbability(row.test) }] : []),
    ]),
  };
}

/** Empty for one unit: resampled, it is always itself, which says nothing of how sure a mean is. */
function intervalText({ units, interval: { low, high } }: ResultRow, digits: number): string {
  return units < 2 ? '' : `[${formatPercent(low, digits)}, ${formatPercent(high, digits)}]`;
}
