import { ConfigError } from '@fsmr/core/errors';
import { checkImage, type Mask2D, maskArea, type Picture } from '@fsmr/imaging';
import { type ApplyOptions, applyStyle, describeStyle, type Style } from './style.js';

/** How a gallery is drawn. */
export interface GalleryOptions extends ApplyOptions {
  /** Cells in a row; as square as possible when absent. */
  readonly columns?: number | undefined;
  /** Side of a mask's pixel in the picture, 2 when absent. */
  readonly scale?: number | undefined;
}

/** One picture of many styles, and what each cell shows. */
export interface Gallery {
  readonly picture: Picture;
  /** In the order of the cells, row by row. */
  readonly captions: readonly string[];
}

const colours = {
  background: [24, 24, 28],
  kept: [200, 200, 205],
  added: [70, 190, 110],
  removed: [225, 80, 70],
  gap: [255, 255, 255],
} as const;

const gap = 4;

function colourAt(before: number, after: number): readonly [number, number, number] {
  if (after !== 0) return before !== 0 ? colours.kept : colours.added;
  return before !== 0 ? colours.removed : colours.background;
}

/**
 * Draws what styles make of a mask, one cell a style: grey what stays, green what is added, red what is taken away.
 * @throws ConfigError where there is no style or the sizes make no picture.
 */
export function drawStyleGallery(mask: Mask2D, styles: readonly Style[], options: GalleryOptions = {}): Gallery {
  checkImage(mask);
  const { columns = Math.ceil(Math.sqrt(styles.length)), scale = 2 } = options;
  if (styles.length === 0 || ![columns, scale].every((n) => Number.isInteger(n) && n >= 1)) {
    throw new ConfigError('a gallery needs at least one style, column and pixel a side.');
  }
  const rows = Math.ceil(styles.length / columns);
  const [cellWidth, cellHeight] = [mask.width * scale + gap, mask.height * scale + gap];
  const width = columns * cellWidth + gap;
  const height = rows * cellHeight + gap;
  const data = new Uint8Array(width * height * 3).fill(colours.gap[0]);
  const area = maskArea(mask);
  const captions = styles.map((style, index) => {
    const result = applyStyle(mask, style, options);
    const left = gap + (index % columns) * cellWidth;
    const top = gap + Math.floor(index / columns) * cellHeight;
    for (let y = 0; y < mask.height * scale; y++) {
      for (let x = 0; x < mask.width * scale; x++) {
        const pixel = Math.floor(y / scale) * mask.width + Math.floor(x / scale);
        data.set(colourAt(mask.data[pixel]!, result.data[pixel]!), 3 * ((top + y) * width + left + x));
      }
    }
    const change = area === 0 ? 0 : (100 * (maskArea(result) - area)) / area;
    return `${describeStyle(style)} (${change < 0 ? '−' : '+'}${Math.abs(change).toFixed(0)} %)`;
  });
  return { picture: { width, height, channels: 3, data }, captions };
}
