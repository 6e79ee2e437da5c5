import { ConfigError, type Random } from '@fsmr/core';
import { numpyRandomState } from './numpy-random-state.js';

/** Picks the cell where farthest point sampling starts: an index below `count`. */
export type FirstRegion = (count: number) => number;

/**
 * Who picks it. `seeded`: the random numbers of the call, the same for all raters. A call that is given none, as in
 * evaluation, begins with one fixed seed, so there every call draws the same; in training each step brings its own.
 * `published`: numpy's `RandomState(1289).choice`, begun anew for every rater and call, which is what the published
 * program draws in the first pass after its construction. Or your own function, asked rater by rater, shot by shot.
 */
export type FirstRegionRule = 'seeded' | 'published' | FirstRegion;

const publishedSeed = 1289;

/**
 * The rule as a function for the shots of one rater, asked in shot order.
 *
 * @throws ConfigError from that function, where one of your own answers no whole number below `count`.
 */
export function firstRegionOf(rule: FirstRegionRule, random: Random): FirstRegion {
  if (rule === 'published') return numpyRandomState(publishedSeed).choice;
  if (rule === 'seeded') {
    // Forked, so that no rater's regions depend on who came before.
    const own = random.fork('first region');
    return (count) => own.integer(0, count - 1);
  }
  return (count) => {
    const index = rule(count);
    if (Number.isInteger(index) && index >= 0 && index < count) return index;
    throw new ConfigError(`rpt: firstRegion must answer a whole number below ${count}, not ${index}.`, {
      remedy: 'Round what it answers down, or choose seeded or published.',
    });
  };
}
