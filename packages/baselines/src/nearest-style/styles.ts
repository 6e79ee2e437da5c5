import { InputError } from '@fsmr/core';
import type { Mask2D } from '@fsmr/imaging';
import { applyStyle, type Style } from '@fsmr/pseudo-labels';

/**
 * Every single operation of JAPC's simulated styles on a small grid of its parameters, first of all none: kernels of
 * radius 1 to 5, the published areas, shifts of 1 to 3 pixels once or twice, blurs of 0.5 to 2 pixels.
 */
export function styleGrid(): Style[] {
  const kernels = (['erosion', 'dilation', 'opening', 'closing'] as const).flatMap((operation) =>
    [1, 2, 3, 4, 5].map((radius): Style => ({ operation, radius })),
  );
  const shifts = (['left', 'right', 'up', 'down'] as const).flatMap((direction) =>
    [1, 2, 3].flatMap((radius) =>
      [1, 2].map((iterations): Style => ({ operation: 'boundaryShift', direction, radius, iterations })),
    ),
  );
  return [
    { operation: 'identity' },
    ...kernels,
    { operation: 'fillHoles' },
    ...[5, 10, 20, 50].map((minimumArea): Style => ({ operation: 'componentPrune', minimumArea })),
    ...shifts,
    ...[0.5, 1, 1.5, 2].map((sigma): Style => ({ operation: 'blur', sigma })),
  ];
}

/** A style as this control applies it: a blurred mask is cut at one half, so that blurring smooths and does not erode. */
export function styled(mask: Mask2D, style: Style): Mask2D {
  return applyStyle(mask, style, { thresholdBlur: true });
}

/** The pixels that more than half of some masks mark. @throws InputError where there are none. */
export function majority(masks: readonly Uint8Array[]): Uint8Array {
  if (masks.length === 0) throw new InputError('a consensus needs at least one mask.');
  const result = new Uint8Array(masks[0]!.length);
  for (let i = 0; i < result.length; i++) {
    let count = 0;
    for (const mask of masks) if (mask[i]! > 0) count++;
    result[i] = 2 * count > masks.length ? 1 : 0;
  }
  return result;
}

/** A consensus mask and what each rater drew in its place, in the order of the raters. */
export interface Example {
  readonly consensus: Mask2D;
  readonly raters: readonly Uint8Array[];
}

/** The style found for a rater, and how well it turns consensus into the rater's masks. */
export interface NearestStyle {
  readonly style: Style;
  /** Over all examples together; 1 where all masks are empty. */
  readonly dice: number;
}

/**
 * For each rater the style that turns consensus masks best into the rater's own: the highest Dice over all examples
 * together; of equal ones the earliest in the list.
 *
 * @throws InputError where there is no style to choose from.
 */
export function nearestStyles(examples: readonly Example[], styles: readonly Style[] = styleGrid()): NearestStyle[] {
  if (styles.length === 0) throw new InputError('there is no style to choose from.');
  const raters = examples[0]?.raters.length ?? 0;
  const best: (NearestStyle | undefined)[] = Array.from({ length: raters }, () => undefined);
  for (const style of styles) {
    const made = examples.map(({ consensus }) => styled(consensus, style).data);
    for (let rater = 0; rater < raters; rater++) {
      const dice = pooledDice(
        made,
        examples.map((example) => example.raters[rater]!),
      );
      const before = best[rater];
      if (before === undefined || dice > before.dice) best[rater] = { style, dice };
    }
  }
  return best.map((found) => found!);
}

function pooledDice(made: readonly Uint8Array[], drawn: readonly Uint8Array[]): number {
  let [shared, total] = [0, 0];
  for (const [index, mask] of made.entries()) {
    const other = drawn[index]!;
    for (let i = 0; i < mask.length; i++) {
      const [a, b] = [mask[i]! > 0, other[i]! > 0];
      if (a && b) shared++;
      total += Number(a) + Number(b);
    }
  }
  return total === 0 ? 1 : (2 * shared) / total;
}
