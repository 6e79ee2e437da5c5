import { fromLog, type Probability } from './probability.js';

const HALF_LOG_TWO_PI = 0.9189385332046727;

/** ln P(Z >= z) of a standard normal deviate. Sources: Abramowitz and Stegun, 26.2.11 (series) and 26.2.14 (fraction). */
function logUpperTail(z: number): number {
  if (z < 0) return Math.log1p(-Math.exp(logUpperTail(-z)));
  if (z === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  const logDensity = -0.5 * z * z - HALF_LOG_TWO_PI;
  if (z < 2) {
    let term = z;
    let sum = z;
    for (let k = 3; term > sum * 1e-17; k += 2) {
      term *= (z * z) / k;
      sum += term;
    }
    return Math.log(0.5 - Math.exp(logDensity) * sum);
  }
  let fraction = z;
  for (let k = 120; k >= 1; k--) fraction = z + k / fraction;
  return logDensity - Math.log(fraction);
}

/** P(Z >= z) of a standard normal deviate, right far into the tail. */
export function normalTail(z: number): Probability {
  return fromLog(Number.isNaN(z) ? Number.NaN : logUpperTail(z));
}

/** P(Z <= z) of a standard normal deviate. */
export function normalCdf(z: number): number {
  return normalTail(-z).p;
}

/**
 * The z with P(Z <= z) = p; -Infinity at 0, Infinity at 1, NaN outside. A start to 4.5e-4 (Abramowitz and Stegun,
 * 26.2.23) and Halley's steps on the logarithm of the tail.
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p === 0) return Number.NEGATIVE_INFINITY;
  const logP = Math.log(p);
  const t = Math.sqrt(-2 * logP);
  let z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (let step = 0; step < 4; step++) {
    const logTail = logUpperTail(z);
    const hazard = Math.exp(-0.5 * z * z - HALF_LOG_TWO_PI - logTail);
    const newton = (logTail - logP) / hazard;
    z += newton / (1 - 0.5 * newton * (hazard - z));
  }
  return -z;
}
