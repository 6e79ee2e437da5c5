/** Dice of two masks over one class; undefined where both are empty. */
export function maskDice(a: ArrayLike<number>, b: ArrayLike<number>, classId: number): number | undefined {
  let [both, sum] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const [inA, inB] = [a[i] === classId, b[i] === classId];
    if (inA) sum++;
    if (inB) sum++;
    if (inA && inB) both++;
  }
  return sum === 0 ? undefined : (2 * both) / sum;
}

/** Sums from which Fleiss' kappa of two categories is computed; they add up over scans. */
export interface KappaSums {
  /** Voxels. */
  readonly items: number;
  /** Share of agreeing rater pairs, summed over voxels. */
  readonly agreement: number;
  /** Share of raters who say foreground, summed over voxels. */
  readonly foreground: number;
}

/** The sums of one scan, over all its voxels. @param masks class ids of at least two raters */
export function kappaSums(masks: readonly ArrayLike<number>[], classId: number): KappaSums {
  const raters = masks.length;
  const length = masks[0]!.length;
  const histogram = new Float64Array(raters + 1);
  for (let i = 0; i < length; i++) {
    let votes = 0;
    for (let r = 0; r < raters; r++) if (masks[r]![i] === classId) votes++;
    histogram[votes]!++;
  }
  let [agreement, foreground] = [0, 0];
  histogram.forEach((count, votes) => {
    const pairs = votes * (votes - 1) + (raters - votes) * (raters - votes - 1);
    agreement += (count * pairs) / (raters * (raters - 1));
    foreground += (count * votes) / raters;
  });
  return { items: length, agreement, foreground };
}

/**
 * Fleiss' kappa of foreground against background (Fleiss 1971): agreement beyond chance, 1 is perfect. Computed over all
 * voxels, so a small object in a large image gives a value near that of its Dice.
 * @returns NaN where all raters put everything into one category
 */
export function fleissKappa(sums: readonly KappaSums[]): number {
  const items = sums.reduce((total, own) => total + own.items, 0);
  const observed = sums.reduce((total, own) => total + own.agreement, 0) / items;
  const share = sums.reduce((total, own) => total + own.foreground, 0) / items;
  const chance = share * share + (1 - share) * (1 - share);
  return (observed - chance) / (1 - chance);
}
