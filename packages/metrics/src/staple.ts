import { InputError } from '@fsmr/core/errors';
import { requireSameLength } from './counts.js';

/** Every set of raters that may mark a pixel has a place in a table, which bounds their number. */
const MOST_RATERS = 20;

/** How {@link staple} runs. */
export interface StapleOptions {
  /** The probability of foreground before any rater is seen; the raters' mean share if not given. */
  readonly prior?: number;
  /** Stop when no sensitivity and specificity changes by more; 1e-7 if not given. */
  readonly tolerance?: number;
  /** At most so many rounds; 1000 if not given. */
  readonly iterations?: number;
}

/** The hidden truth that {@link staple} infers, and how well each rater meets it. */
export interface Staple {
  /** The probability of foreground, pixel by pixel. */
  readonly probability: Float64Array;
  /** For each rater P(marked | foreground). */
  readonly sensitivity: readonly number[];
  /** For each rater P(not marked | background). */
  readonly specificity: readonly number[];
  /** Rounds taken. */
  readonly iterations: number;
}

/**
 * STAPLE: simultaneous truth and performance level estimation for binary masks by expectation maximisation.
 *
 * Starts from sensitivity = specificity = 0.99999 and keeps the prior fixed. Pixels where the raters vote alike share one
 * probability, so a round costs as much as there are different votes.
 * Source: Warfield, Zou and Wells, IEEE Trans. Med. Imaging 23, 2004, equations 14, 18 and 19.
 * @param masks one mask a rater, at most 20; any value but 0 is foreground.
 * @throws InputError for no masks, more than 20, or a prior outside (0, 1) such as that of masks all empty or all full.
 * @throws ShapeError where masks differ in length.
 */
export function staple(
  masks: readonly ArrayLike<number>[],
  { prior, tolerance = 1e-7, iterations = 1000 }: StapleOptions = {},
): Staple {
  const raters = masks.length;
  if (raters === 0 || raters > MOST_RATERS)
    throw new InputError(`STAPLE takes 1 to ${MOST_RATERS} masks, not ${raters}.`);
  const votes = new Int32Array(masks[0]!.length);
  masks.forEach((mask, r) => {
    requireSameLength(mask, votes);
    for (let i = 0; i < votes.length; i++) if (mask[i] !== 0) votes[i]! |= 1 << r;
  });
  const sizes = new Uint32Array(2 ** raters);
  for (let i = 0; i < votes.length; i++) sizes[votes[i]!]! += 1;
  const patterns = [...sizes.keys()]
    .filter((vote) => sizes[vote]! > 0)
    .map((vote) => ({ vote, size: sizes[vote]!, marked: masks.map((_, r) => ((vote >> r) & 1) === 1) }));

  const share = patterns.reduce((sum, { size, marked }) => sum + size * marked.filter(Boolean).length, 0);
  const foreground = prior ?? share / (votes.length * raters);
  if (!(foreground > 0 && foreground < 1)) {
    throw new InputError(`STAPLE needs a prior between 0 and 1, not ${foreground}.`, {
      remedy: 'Masks that are all empty or all full need no consensus.',
    });
  }

  let sensitivity = masks.map(() => 0.99999);
  let specificity = masks.map(() => 0.99999);
  /** The probabilities of foreground and background. One minus the other would lose the small one's digits. */
  const posterior = (marked: readonly boolean[]): readonly [number, number] => {
    let yes = foreground;
    let no = 1 - foreground;
    marked.forEach((mark, r) => {
      yes *= mark ? sensitivity[r]! : 1 - sensitivity[r]!;
      no *= mark ? 1 - specificity[r]! : specificity[r]!;
    });
    return yes + no === 0 ? [0, 1] : [yes / (yes + no), no / (yes + no)];
  };
  let round = 0;
  for (let change = Number.POSITIVE_INFINITY; round < iterations && change > tolerance; round++) {
    const weights = patterns.map(({ marked }) => posterior(marked));
    // Summed in one order: a part of the sum is never more than the whole, so shares stay in [0, 1].
    const massOf = (state: 0 | 1, counts: (marked: readonly boolean[]) => boolean): number =>
      patterns.reduce((sum, { size, marked }, k) => (counts(marked) ? sum + size * weights[k]![state] : sum), 0);
    const masses = [massOf(0, () => true), massOf(1, () => true)] as const;
    // Where the expected foreground (or background) is empty the old value stays, as nothing speaks about it.
    const update = (r: number, state: 0 | 1, old: number): number =>
      masses[state] > 0 ? massOf(state, (marked) => marked[r] === (state === 0)) / masses[state] : old;
    const p = sensitivity.map((old, r) => update(r, 0, old));
    const q = specificity.map((old, r) => update(r, 1, old));
    const moved = (next: number[], old: number[]): number => Math.max(...next.map((v, r) => Math.abs(v - old[r]!)));
    change = Math.max(moved(p, sensitivity), moved(q, specificity));
    sensitivity = p;
    specificity = q;
  }
  const byVote = new Float64Array(sizes.length);
  for (const { vote, marked } of patterns) byVote[vote] = posterior(marked)[0];
  const probability = new Float64Array(votes.length);
  for (let i = 0; i < votes.length; i++) probability[i] = byVote[votes[i]!]!;
  return {
    probability,
    sensitivity,
    specificity,
    iterations: round,
  };
}
