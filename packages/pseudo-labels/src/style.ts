import { ConfigError } from '@fsmr/core/errors';
import {
  blurBytes,
  checkImage,
  close,
  dilate,
  ellipseKernel,
  erode,
  fillHoles,
  halfKernel,
  type Kernel,
  type Mask2D,
  maskArea,
  open,
  pruneComponents,
  roundHalfEven,
  type Side,
} from '@fsmr/imaging';

/**
 * One way of outlining, as plain JSON: sampled once, applied to any mask.
 * JAPC, section 2.4 (pseudo-style generation).
 */
export type Style =
  | { readonly operation: 'identity' }
  /** Elliptic kernel of size (2 radius + 1)². */
  | { readonly operation: 'erosion' | 'dilation' | 'opening' | 'closing'; readonly radius: number }
  | { readonly operation: 'fillHoles' }
  /** Drops components (4 neighbours) below an area in pixels. */
  | { readonly operation: 'componentPrune'; readonly minimumArea: number }
  /** Erodes `iterations` times with the half kernel of one side, then dilates as often with the opposite one. */
  | {
      readonly operation: 'boundaryShift';
      readonly direction: Side;
      readonly radius: number;
      readonly iterations: number;
    }
  /** Gaussian blur, sigma in pixels. */
  | { readonly operation: 'blur'; readonly sigma: number }
  /** One after the other. */
  | { readonly operation: 'sequence'; readonly steps: readonly Style[] };

/** How a style's result becomes a mask. */
export interface ApplyOptions {
  /**
   * What a blurred mask becomes. Absent or false, only pixels whose byte is still 255 stay, as in the published
   * program, where blurring thus erodes. True, pixels of at least one half stay, which smooths the outline.
   */
  readonly thresholdBlur?: boolean | undefined;
}

const opposite: Record<Side, Side> = { left: 'right', right: 'left', up: 'down', down: 'up' };

const morphology = { erosion: erode, dilation: dilate, opening: open, closing: close } satisfies Record<
  string,
  (mask: Mask2D, kernel: Kernel) => Mask2D
>;

function boundaryShift(mask: Mask2D, direction: Side, radius: number, iterations: number): Mask2D {
  const shrink = halfKernel(radius, direction);
  const grow = halfKernel(radius, opposite[direction]);
  let result = mask;
  for (let i = 0; i < iterations; i++) result = erode(result, shrink);
  for (let i = 0; i < iterations; i++) result = dilate(result, grow);
  return result;
}

/** Odd number of taps that holds three standard deviations to both sides, at least 3; halves round to even. */
function blurTaps(sigma: number): number {
  return Math.max(3, 2 * roundHalfEven(3 * sigma) + 1);
}

// Bytes above half count as set where an operation needs a plain mask; others take grey as it is. Grey only comes out of a
// blur, so before another operation in own sequences alone.
function toMask(image: Mask2D): Mask2D {
  return { ...image, data: image.data.map((byte) => (byte > 127 ? 1 : 0)) };
}

function toBytes(mask: Mask2D): Mask2D {
  return { ...mask, data: mask.data.map((value) => (value === 0 ? 0 : 255)) };
}

/** @throws ConfigError for a style that does not exist or whose numbers make no sense. */
function checkStyle(style: Style): void {
  const refuse = (fault: string): never => {
    throw new ConfigError(`the style ${JSON.stringify(style)} ${fault}.`);
  };
  const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0;
  switch (style?.operation) {
    case 'identity':
    case 'fillHoles':
      return;
    case 'erosion':
    case 'dilation':
    case 'opening':
    case 'closing':
      if (!isCount(style.radius)) refuse('needs a radius of whole pixels');
      return;
    case 'componentPrune':
      if (!(style.minimumArea >= 0)) refuse('needs a smallest area');
      return;
    case 'boundaryShift':
      if (!isCount(style.radius) || !isCount(style.iterations)) refuse('needs a radius and iterations');
      if (!Object.hasOwn(opposite, style.direction)) refuse('needs a direction: left, right, up or down');
      return;
    case 'blur':
      if (!(style.sigma > 0)) refuse('needs a positive sigma');
      return;
    case 'sequence':
      if (!Array.isArray(style.steps)) refuse('needs steps');
      style.steps.forEach(checkStyle);
      return;
    default:
      throw new ConfigError(`there is no style operation ${JSON.stringify((style as Style | undefined)?.operation)}.`);
  }
}

function run(image: Mask2D, style: Style): Mask2D {
  switch (style.operation) {
    case 'identity':
      return image;
    case 'erosion':
    case 'dilation':
    case 'opening':
    case 'closing':
      return morphology[style.operation](image, ellipseKernel(style.radius));
    case 'fillHoles':
      return toBytes(fillHoles(toMask(image)));
    case 'componentPrune':
      return toBytes(pruneComponents(toMask(image), Math.max(1, style.minimumArea), 4));
    case 'boundaryShift':
      return boundaryShift(image, style.direction, style.radius, style.iterations);
    case 'blur':
      return blurBytes(image, blurTaps(style.sigma), style.sigma);
    case 'sequence':
      return style.steps.reduce(run, image);
  }
}

/**
 * What a style makes of a mask, as bytes 0..255: grey only after a blur.
 *
 * An empty mask is returned unchanged, and so is any mask of which the style would leave nothing.
 *
 * @param mask not zero inside.
 * @throws ConfigError for a style that does not exist; ShapeError where data and size of the mask disagree.
 */
export function applyStyleBytes(mask: Mask2D, style: Style): Mask2D {
  checkImage(mask);
  checkStyle(style);
  const original = toBytes(mask);
  if (maskArea(mask) === 0) return original;
  const result = run(original, style);
  return result.data.some((byte) => byte > 0) ? result : original;
}

/**
 * What a style makes of a mask: a new 0/1 mask of the same size. The mask itself is not changed.
 *
 * A mask of which the style leaves nothing is returned unchanged. Even so a blurred small region may vanish, because
 * that rule looks at the grey result, as the published program does; see {@link ApplyOptions.thresholdBlur}.
 *
 * @throws ConfigError for a style that does not exist; ShapeError where data and size of the mask disagree.
 */
export function applyStyle(mask: Mask2D, style: Style, options: ApplyOptions = {}): Mask2D {
  const least = options.thresholdBlur === true ? 128 : 255;
  const bytes = applyStyleBytes(mask, style);
  return { ...bytes, data: bytes.data.map((byte) => (byte >= least ? 1 : 0)) };
}

/** The masks of several raters from one mask, in the order of their styles. */
export function applyStyles(mask: Mask2D, styles: readonly Style[], options: ApplyOptions = {}): Mask2D[] {
  return styles.map((style) => applyStyle(mask, style, options));
}

/** A style in a few words, for figures and logs. */
export function describeStyle(style: Style): string {
  switch (style.operation) {
    case 'identity':
      return 'unchanged';
    case 'fillHoles':
      return 'fill holes';
    case 'componentPrune':
      return `prune < ${style.minimumArea}`;
    case 'boundaryShift':
      return `shift ${style.direction} ${style.radius}x${style.iterations}`;
    case 'blur':
      return `blur ${style.sigma.toFixed(2)}`;
    case 'sequence':
      return style.steps.map(describeStyle).join(', ');
    default:
      return `${style.operation} ${style.radius}`;
  }
}
