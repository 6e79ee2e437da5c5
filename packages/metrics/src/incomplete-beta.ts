import { NumericError } from '@fsmr/core/errors';
import { logBeta } from './gamma.js';

/** The largest number of continued-fraction steps; about sqrt(max(a, b)) are needed. */
const STEPS = 100_000;

/**
 * The continued fraction of the incomplete beta function by Lentz's method; converges fast for x < (a + 1)/(a + b + 2).
 * Source: Abramowitz and Stegun, 26.5.8.
 */
function continuedFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const guard = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= STEPS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    const change = d * c;
    result *= change;
    if (Math.abs(change - 1) < 1e-15) return result;
  }
  throw new NumericError(`the incomplete beta function of a = ${a}, b = ${b}, x = ${x} did not converge.`);
}

/**
 * ln I_x(a, b), the logarithm of the regularised incomplete beta function, with x given as x = u / (u + v) and
 * 1 - x = v / (u + v), so that neither end loses digits. The prefactor x^a (1 - x)^b / B(a, b) stays a logarithm, hence
 * values far below the smallest double are still right.
 * @param u at least 0. @param v at least 0, not both 0; Infinity is allowed for one.
 */
export function logIncompleteBeta(u: number, v: number, a: number, b: number): number {
  if (u === 0 || v === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  if (v === 0 || u === Number.POSITIVE_INFINITY) return 0;
  const logX = logShare(u, v);
  const logY = logShare(v, u);
  const prefactor = a * logX + b * logY - logBeta(a, b);
  const x = 1 / (1 + v / u);
  if (x < (a + 1) / (a + b + 2)) return prefactor + Math.log(continuedFraction(x, a, b) / a);
  const upper = Math.exp(prefactor) * (continuedFraction(1 / (1 + u / v), b, a) / b);
  return Math.log1p(-Math.min(1, upper));
}

/** ln(u / (u + v)), right for any ratio of the two. */
function logShare(u: number, v: number): number {
  return v / u < 1e16 ? -Math.log1p(v / u) : Math.log(u) - Math.log(v);
}
