/** The sum over the count; NaN for no numbers, and NaN where one of them is. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The standard deviation, sqrt(sum (x - mean)^2 / (n - ddof)).
 * @param ddof 0 for the population (the tables of scans), 1 for a sample (the t-test).
 */
export function standardDeviation(values: readonly number[], ddof: 0 | 1 = 0): number {
  if (values.length <= ddof) return Number.NaN;
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - ddof));
}

/**
 * The value below which a share of the values lies, by linear interpolation (numpy's default); NaN for none, and NaN where
 * one of them is.
 */
export function quantile(values: readonly number[], share: number): number {
  if (values.some(Number.isNaN)) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  if (Number.isNaN(at) || sorted.length === 0) return Number.NaN;
  const lower = Math.min(Math.max(Math.floor(at), 0), sorted.length - 1);
  const upper = Math.min(lower + 1, sorted.length - 1);
  return sorted[lower]! + (sorted[upper]! - sorted[lower]!) * (at - lower);
}
