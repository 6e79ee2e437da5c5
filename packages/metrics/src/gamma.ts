/** ln(2 pi) / 2. */
const HALF_LOG_TWO_PI = 0.9189385332046727;

/** Below this Stirling's series is not accurate enough; the recurrence lifts smaller arguments above it. */
const STIRLING_FROM = 10;

/** Stirling's remainder, ln Gamma(x) - ((x - 1/2) ln x - x + ln(2 pi) / 2), for x >= 10. */
function stirlingRemainder(x: number): number {
  const y = 1 / (x * x);
  return (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - (y * 691) / 360360))))) / x;
}

/** ln Gamma(x) for x > 0, to about 1e-15. Source: Abramowitz and Stegun, 6.1.15 and 6.1.41. */
export function logGamma(x: number): number {
  let lift = 0;
  let z = x;
  for (; z < STIRLING_FROM; z++) lift += Math.log(z);
  return (z - 0.5) * Math.log(z) - z + HALF_LOG_TWO_PI + stirlingRemainder(z) - lift;
}

/**
 * ln B(a, b) = ln Gamma(a) + ln Gamma(b) - ln Gamma(a + b) for a, b > 0.
 * Where one argument is large the big terms are cancelled by hand, so that no digits are lost to them.
 */
export function logBeta(a: number, b: number): number {
  const [small, large] = a < b ? [a, b] : [b, a];
  if (large < STIRLING_FROM) return logGamma(a) + logGamma(b) - logGamma(a + b);
  const whole = small + large;
  return (
    logGamma(small) -
    (whole - 0.5) * Math.log1p(small / large) -
    small * Math.log(large) +
    small +
    stirlingRemainder(large) -
    stirlingRemainder(whole)
  );
}
