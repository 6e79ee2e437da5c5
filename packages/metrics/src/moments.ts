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
