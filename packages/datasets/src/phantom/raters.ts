import { dilate, ellipseKernel, erode, gaussianFilter, type Mask2D, maskArea } from '@fsmr/imaging';

/** How a simulated rater departs from the true outline; lengths are fractions of the image's side. */
export type PhantomStyle =
  | { readonly kind: 'generous'; readonly margin: number }
  | { readonly kind: 'tight'; readonly margin: number }
  | { readonly kind: 'smooth'; readonly sigma: number }
  | { readonly kind: 'biased'; readonly side: 'left' | 'right'; readonly margin: number };

/** A simulated rater: the same style in every scan. */
export interface PhantomRater {
  readonly name: string;
  readonly style: PhantomStyle;
}

/** The raters of the phantom, whose styles are the truth a method should find. */
export const phantomRaters: readonly PhantomRater[] = [
  { name: 'generous', style: { kind: 'generous', margin: 0.025 } },
  { name: 'tight', style: { kind: 'tight', margin: 0.025 } },
  { name: 'smooth', style: { kind: 'smooth', sigma: 0.05 } },
  { name: 'biased', style: { kind: 'biased', side: 'left', margin: 0.045 } },
];

/**
 * The outline a rater of this style draws where the truth is `mask`. A style that would leave nothing is applied less
 * and less until something is left, so a rater never overlooks what is there.
 */
export function drawOutline(mask: Mask2D, style: PhantomStyle): Mask2D {
  if (maskArea(mask) === 0) return mask;
  for (let strength = 1; strength > 0.1; strength /= 2) {
    const drawn = styled(mask, style, strength);
    if (maskArea(drawn) > 0) return drawn;
  }
  return mask;
}

function styled(mask: Mask2D, style: PhantomStyle, strength: number): Mask2D {
  const pixels = (fraction: number): number => Math.round(fraction * strength * mask.width);
  switch (style.kind) {
    case 'generous':
      return pixels(style.margin) < 1 ? mask : dilate(mask, ellipseKernel(pixels(style.margin)));
    case 'tight':
      return pixels(style.margin) < 1 ? mask : erode(mask, ellipseKernel(pixels(style.margin)));
    case 'smooth': {
      const sigma = style.sigma * strength * mask.width;
      const low = gaussianFilter(mask.data, [mask.width, mask.height, 1], [sigma, sigma, 0]);
      return { ...mask, data: new Uint8Array(low.length).map((_unused, i) => (low[i]! >= 0.5 ? 1 : 0)) };
    }
    case 'biased':
      return shifted(mask, (style.side === 'left' ? -1 : 1) * pixels(style.margin));
  }
}

function shifted(mask: Mask2D, columns: number): Mask2D {
  const { width, height } = mask;
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = Math.max(0, -columns); x < Math.min(width, width - columns); x++) {
      data[y * width + x + columns] = mask.data[y * width + x]!;
    }
  }
  return { width, height, data };
}
