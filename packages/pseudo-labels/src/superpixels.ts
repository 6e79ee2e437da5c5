import { ConfigError, ShapeError } from '@fsmr/core/errors';
import type { Random } from '@fsmr/core/random';
import type { Image2D, LabelImage, Mask2D } from '@fsmr/imaging';
import { type FelzenszwalbOptions, felzenszwalb2d } from './felzenszwalb.js';
import { foregroundMask } from './foreground.js';

/** How superpixels are made and numbered. */
export interface SuperpixelOptions extends FelzenszwalbOptions {
  /** Pixels above it are body, see {@link foregroundMask}. Absent, the whole image is body. */
  readonly foregroundThreshold?: number | undefined;
  /**
   * `published` (default): the numbers of the released program. With regions 0..M, region 0 is dropped, region M
   * becomes M+1, the others keep their number; numbers may be missing.
   * `consecutive`: every region inside the body, also region 0, gets one of 1..n without gaps.
   */
  readonly numbering?: 'published' | 'consecutive' | undefined;
}

function checkSizes(labels: LabelImage, mask: Mask2D): void {
  if (labels.width === mask.width && labels.height === mask.height) return;
  throw new ShapeError(
    `regions of ${labels.width} x ${labels.height} cannot be masked with ${mask.width} x ${mask.height}.`,
  );
}

/**
 * Regions 0..M inside a mask, numbered as the released program does: 0 outside and for region 0, k for region k, and
 * M+1 for region M. @throws ShapeError where the sizes differ.
 */
export function numberAsPublished(labels: LabelImage, mask: Mask2D): LabelImage {
  checkSizes(labels, mask);
  let last = 0;
  for (let i = 0; i < labels.data.length; i++) last = Math.max(last, labels.data[i]!);
  const data = new Int32Array(labels.data.length);
  for (let i = 0; i < data.length; i++) {
    const label = labels.data[i]!;
    if (mask.data[i] !== 0) data[i] = label === last && last > 0 ? last + 1 : label;
  }
  return { width: labels.width, height: labels.height, data };
}

/** Regions inside a mask, numbered 1..n in the order of their first pixel. @throws ShapeError where the sizes differ. */
export function numberConsecutively(labels: LabelImage, mask: Mask2D): LabelImage {
  checkSizes(labels, mask);
  const numbers = new Map<number, number>();
  const data = new Int32Array(labels.data.length);
  for (let i = 0; i < data.length; i++) {
    if (mask.data[i] === 0) continue;
    const label = labels.data[i]!;
    let number = numbers.get(label);
    if (number === undefined) {
      number = numbers.size + 1;
      numbers.set(label, number);
    }
    data[i] = number;
  }
  return { width: labels.width, height: labels.height, data };
}

/**
 * Superpixels of one slice, the pseudo labels of SSL-ALPNet and JAPC: Felzenszwalb regions inside the body, 0 outside.
 * Defaults are the published parameters (scale 1, sigma 1, minimum size 400).
 *
 * @param image intensities as prepared for training, before normalisation by mean and deviation.
 * @throws ConfigError, NumericError or ShapeError for unusable parameters or images.
 */
export function superpixels(image: Image2D, options: SuperpixelOptions = {}): LabelImage {
  return superpixelsWithin(
    foregroundMask(image, options.foregroundThreshold ?? Number.NEGATIVE_INFINITY),
    image,
    options,
  );
}

/** As {@link superpixels}, the body being known. */
export function superpixelsWithin(body: Mask2D, image: Image2D, options: SuperpixelOptions): LabelImage {
  const labels = felzenszwalb2d(image, options);
  switch (options.numbering ?? 'published') {
    case 'published':
      return numberAsPublished(labels, body);
    case 'consecutive':
      return numberConsecutively(labels, body);
    default:
      throw new ConfigError(`there is no numbering ${JSON.stringify(options.numbering)}.`);
  }
}

/** How a pseudo label is chosen. */
export interface PickOptions {
  /** Superpixels of fewer pixels are not taken. 1 when absent. */
  readonly minimumArea?: number | undefined;
  /**
   * `present` (default): each number that occurs, with equal probability.
   * `published`: any integer from 1 to the greatest number, also one that does not occur; such a draw gives undefined.
   */
  readonly rule?: 'present' | 'published' | undefined;
}

/** A superpixel drawn from a slice. */
export interface PseudoLabel {
  readonly label: number;
  readonly area: number;
  readonly mask: Mask2D;
}

/**
 * Draws one superpixel of a slice as the target of a training episode.
 * @returns undefined where the slice has none that qualifies: take another slice then.
 * @throws ConfigError for another rule.
 */
export function pickPseudoLabel(
  labels: LabelImage,
  random: Random,
  options: PickOptions = {},
): PseudoLabel | undefined {
  const { minimumArea = 1, rule = 'present' } = options;
  if (rule !== 'present' && rule !== 'published') {
    throw new ConfigError(`there is no rule ${JSON.stringify(rule)} for pseudo labels.`, {
      remedy: "Choose 'present' or 'published'.",
    });
  }
  const areas = new Map<number, number>();
  for (let i = 0; i < labels.data.length; i++) {
    const label = labels.data[i]!;
    if (label > 0) areas.set(label, (areas.get(label) ?? 0) + 1);
  }
  if (areas.size === 0) return undefined;
  const candidates = [...areas.keys()].sort((a, b) => a - b).filter((label) => areas.get(label)! >= minimumArea);
  if (rule === 'present' && candidates.length === 0) return undefined;
  const label = rule === 'present' ? random.pick(candidates) : random.integer(1, Math.max(...areas.keys()));
  const area = areas.get(label) ?? 0;
  if (area < Math.max(1, minimumArea)) return undefined;
  return { label, area, mask: { ...labels, data: Uint8Array.from(labels.data, (value) => (value === label ? 1 : 0)) } };
}
