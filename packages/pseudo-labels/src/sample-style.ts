import { ConfigError } from '@fsmr/core/errors';
import type { Random } from '@fsmr/core/random';
import type { Side } from '@fsmr/imaging';
import type { Style } from './style.js';

/** The published distributions: `rich` is the released program's default, `mild` its switch `mild_aug`. */
export type StylePreset = 'mild' | 'rich';

const sides: readonly Side[] = ['left', 'right', 'up', 'down'];
const kernelOperations = ['erosion', 'dilation', 'opening', 'closing'] as const;

function sampleMild(random: Random): Style {
  if (!random.chance(0.85)) return { operation: 'blur', sigma: random.uniform(0.3, 0.8) };
  const operation = random.pick([...kernelOperations, 'fillHoles'] as const);
  // Radius 1 twice as often as 2.
  const radius = random.pick([1, 1, 2]);
  return operation === 'fillHoles' ? { operation } : { operation, radius };
}

function sampleSingle(random: Random): Style {
  const operation = random.pick([...kernelOperations, 'fillHoles', 'componentPrune', 'boundaryShift', 'blur'] as const);
  switch (operation) {
    case 'fillHoles':
      return { operation };
    case 'componentPrune':
      return { operation, minimumArea: random.pick([5, 10, 20, 50]) };
    case 'boundaryShift':
      return {
        operation,
        direction: random.pick(sides),
        radius: random.integer(1, 3),
        iterations: random.integer(1, 2),
      };
    case 'blur':
      return { operation, sigma: random.uniform(0.5, 2) };
    default:
      return { operation, radius: random.integer(1, 3) };
  }
}

function sampleStep(random: Random): Style {
  const operation = random.pick([...kernelOperations, 'fillHoles', 'componentPrune', 'boundaryShift'] as const);
  switch (operation) {
    case 'fillHoles':
      return { operation };
    case 'componentPrune':
      return { operation, minimumArea: random.pick([5, 10, 20]) };
    case 'boundaryShift':
      return { operation, direction: random.pick(sides), radius: random.integer(1, 2), iterations: 1 };
    default:
      return { operation, radius: random.integer(1, 3) };
  }
}

/**
 * Draws one style with the probabilities of the published program (JAPC, section 2.4).
 *
 * `rich`: 0.6 one of eight operations, 0.4 a sequence of two of seven (no blur).
 * `mild`: 0.85 one of five small operations, 0.15 a slight blur.
 *
 * @throws ConfigError for another preset.
 */
export function sampleStyle(random: Random, preset: StylePreset): Style {
  switch (preset) {
    case 'mild':
      return sampleMild(random);
    case 'rich':
      if (random.chance(0.6)) return sampleSingle(random);
      return { operation: 'sequence', steps: [sampleStep(random), sampleStep(random)] };
    default:
      throw new ConfigError(`there is no style preset ${JSON.stringify(preset)}.`, { remedy: 'Use "mild" or "rich".' });
  }
}

/** How the styles of one episode are drawn. */
export interface RaterStyleOptions {
  /** Whether the first rater keeps the mask (the published program) or gets a style too. */
  readonly first?: 'identity' | 'styled' | undefined;
}

/**
 * Draws one style for each simulated rater. The same list goes to support and query, so that a rater stays the same
 * person within an episode; draw it once and keep it to have stable raters over many episodes.
 *
 * @param raters how many, at least 1.
 * @throws ConfigError where there are none.
 */
export function sampleRaterStyles(
  random: Random,
  raters: number,
  preset: StylePreset,
  options: RaterStyleOptions = {},
): Style[] {
  if (!Number.isInteger(raters) || raters < 1) {
    throw new ConfigError(`the number of raters must be a positive integer, found ${raters}.`);
  }
  return Array.from({ length: raters }, (_, rater) =>
    rater === 0 && options.first !== 'styled' ? { operation: 'identity' } : sampleStyle(random, preset),
  );
}
