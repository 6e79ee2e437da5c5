import { normalTail } from './normal.js';
import {
  type Alternative,
  differences,
  fromLog,
  fromValue,
  type Probability,
  requireAlternative,
} from './probability.js';
import { midranks } from './ranks.js';

/** What {@link wilcoxonSignedRank} does with pairs without difference. */
export type ZeroMethod =
  | 'wilcox' // dropped before ranking
  | 'pratt' // ranked, then dropped
  | 'zsplit'; // ranked, their ranks split between both signs

/** How {@link wilcoxonSignedRank} is to work. */
export interface WilcoxonOptions {
  /** `greater` if not given. The published script uses its library's default, `two-sided`. */
  readonly alternative?: Alternative;
  /** `wilcox` if not given. */
  readonly zeros?: ZeroMethod;
  /**
   * `auto` if not given: exact for up to 50 pairs without zeros and ties, and for up to 13 with them, else the normal
   * approximation.
   */
  readonly method?: 'auto' | 'exact' | 'normal';
}

/** The outcome of {@link wilcoxonSignedRank}. */
export interface Wilcoxon extends Probability {
  /** The rank sum of the positive differences, or for `two-sided` the smaller of the two rank sums. */
  readonly statistic: number;
  /** How many pairs were ranked. */
  readonly n: number;
  /** How many pairs had no difference. */
  readonly zeros: number;
  /** Which distribution gave `p`. */
  readonly method: 'exact' | 'normal';
}

/** The largest samples for which `auto` takes the exact distribution, without and with zeros or ties. */
const EXACT_UP_TO = 50;
const EXACT_WITH_TIES_UP_TO = 13;

/**
 * Wilcoxon's signed-rank test of paired samples.
 *
 * As `scipy.stats.wilcoxon(first, second, zero_method, correction=False, alternative)` of scipy 1.17: ties get midranks and the
 * normal approximation their correction, without continuity correction. `exact` counts all 2^n signs of the ranks at
 * hand, ties included. No difference anywhere gives NaN, as does a difference that is NaN.
 * @throws InputError where the samples differ in length, or for an alternative that is none.
 */
export function wilcoxonSignedRank(
  first: readonly number[],
  second: readonly number[],
  { alternative = 'greater', zeros = 'wilcox', method = 'auto' }: WilcoxonOptions = {},
): Wilcoxon {
  requireAlternative(alternative);
  const all = differences(first, second);
  const zeroCount = all.filter((d) => d === 0).length;
  if (all.some(Number.isNaN)) {
    const used = method === 'auto' ? 'normal' : method;
    return { statistic: Number.NaN, n: all.length, zeros: zeroCount, method: used, p: Number.NaN, log10p: Number.NaN };
  }
  const d = zeros === 'wilcox' ? all.filter((value) => value !== 0) : all;
  const n = d.length;
  const ranks = midranks(d.map(Math.abs));
  const free = ranks.filter((_, i) => d[i] !== 0);
  const sumWhere = (test: (value: number) => boolean): number =>
    ranks.reduce((sum, rank, i) => (test(d[i]!) ? sum + rank : sum), 0);
  const split = zeros === 'zsplit' ? sumWhere((value) => value === 0) / 2 : 0;
  const plus = sumWhere((value) => value > 0) + split;
  const minus = sumWhere((value) => value < 0) + split;
  const statistic = alternative === 'two-sided' ? Math.min(plus, minus) : plus;

  const tied = zeroCount > 0 || new Set(ranks).size < n;
  const plain = all.length <= (tied ? EXACT_WITH_TIES_UP_TO : EXACT_UP_TO);
  const used = method === 'auto' ? (plain ? 'exact' : 'normal') : method;
  const probability =
    free.length === 0
      ? { p: Number.NaN, log10p: Number.NaN }
      : used === 'exact'
        ? exactTail(plus - split, free, alternative)
        : normalApproximation(plus, ranks, zeros === 'pratt' ? zeroCount : 0, alternative);
  return { statistic, n, zeros: zeroCount, method: used, ...probability };
}

/** The tail of the rank sum under all 2^n signs, all equally likely. Midranks are halves, so twice a rank is whole. */
function exactTail(plus: number, ranks: readonly number[], alternative: Alternative): Probability {
  const doubled = ranks.map((rank) => 2 * rank);
  const chance = new Float64Array(doubled.reduce((sum, rank) => sum + rank, 0) + 1);
  chance[0] = 1;
  for (const rank of doubled) {
    for (let s = chance.length - 1; s >= 0; s--) {
      chance[s] = (chance[s]! + (s >= rank ? chance[s - rank]! : 0)) / 2;
    }
  }
  const at = 2 * plus;
  const less = chance.subarray(0, at + 1).reduce((sum, value) => sum + value, 0);
  const greater = chance.subarray(at).reduce((sum, value) => sum + value, 0);
  return fromValue({ less, greater, 'two-sided': 2 * Math.min(less, greater) }[alternative]);
}

/** Mean and variance with the corrections for ties and, for Pratt's method, `dropped` zeros (Cureton, 1967). */
function normalApproximation(
  plus: number,
  ranks: readonly number[],
  dropped: number,
  alternative: Alternative,
): Probability {
  const n = ranks.length;
  const expected = (n * (n + 1) - dropped * (dropped + 1)) / 4;
  const cubes = (m: number): number => m * (m + 1) * (2 * m + 1);
  const sizes = new Map<number, number>();
  // Zeros have the smallest ranks, hence those of Pratt's method come first in the sorted list.
  for (const rank of [...ranks].sort((a, b) => a - b).slice(dropped)) sizes.set(rank, (sizes.get(rank) ?? 0) + 1);
  const ties = [...sizes.values()].reduce((sum, size) => sum + size * (size * size - 1), 0);
  const z = (plus - expected) / Math.sqrt((cubes(n) - cubes(dropped) - ties / 2) / 24);
  if (alternative !== 'two-sided') return normalTail(alternative === 'greater' ? z : -z);
  const { log10p } = normalTail(Math.abs(z));
  return fromLog(log10p * Math.LN10 + Math.LN2);
}
