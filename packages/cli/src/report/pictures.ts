import { type Colour, greyPicture, type Image2D, type Mask2D, type Picture } from '@fsmr/imaging';

/** An outline to be drawn on an image. */
export interface Outline {
  readonly mask: Mask2D;
  readonly colour: Colour;
}

/** The image in grey with the outline of each mask on it, later ones above. */
export function outlined(image: Image2D, outlines: readonly Outline[]): Picture {
  const picture = rgb(image);
  for (const { mask, colour } of outlines) {
    for (let i = 0; i < mask.data.length; i++) if (isEdge(mask, i)) picture.data.set(colour, 3 * i);
  }
  return picture;
}

/** Wrongly drawn pixels in orange, missed ones in blue, the rest of the image in dimmed grey. */
export function difference(image: Image2D, predicted: Mask2D, truth: Mask2D): Picture {
  const picture = rgb(image, 0.6);
  for (let i = 0; i < truth.data.length; i++) {
    if (predicted.data[i] === truth.data[i]) continue;
    picture.data.set(predicted.data[i] === 1 ? [230, 120, 0] : [40, 120, 255], 3 * i);
  }
  return picture;
}

/**
 * Where raters disagree: the share of raters in the minority of each pixel, 0 (all agree) to 1/2, as an image.
 */
export function disagreement(masks: readonly Mask2D[]): Image2D {
  const { width, height } = masks[0]!;
  const data = new Float32Array(width * height);
  for (let i = 0; i < data.length; i++) {
    const share = masks.reduce((sum, mask) => sum + mask.data[i]!, 0) / masks.length;
    data[i] = Math.min(share, 1 - share);
  }
  return { width, height, data };
}

/** A disagreement image over its grey image, from transparent to bright red. */
export function heat(image: Image2D, map: Image2D): Picture {
  const picture = rgb(image, 0.6);
  for (let i = 0; i < map.data.length; i++) {
    const weight = 2 * map.data[i]!;
    const [red, green, blue] = [255, 60, 40];
    for (const [channel, target] of [red, green, blue].entries()) {
      const at = 3 * i + channel;
      picture.data[at] = Math.round((1 - weight) * picture.data[at]! + weight * target!);
    }
  }
  return picture;
}

function rgb(image: Image2D, brightness = 1): Picture & { readonly data: Uint8Array } {
  const grey = greyPicture(image).data;
  const data = new Uint8Array(3 * grey.length);
  for (let i = 0; i < grey.length; i++) data.fill(Math.round(brightness * grey[i]!), 3 * i, 3 * i + 3);
  return { width: image.width, height: image.height, channels: 3, data };
}

/** A pixel of the mask with a neighbour outside it; the border of the image counts as outside. */
function isEdge({ data, width, height }: Mask2D, index: number): boolean {
  if (data[index] !== 1) return false;
  const x = index % width;
  const y = (index - x) / width;
  if (x === 0 || y === 0 || x === width - 1 || y === height - 1) return true;
  return data[index - 1] !== 1 || data[index + 1] !== 1 || data[index - width] !== 1 || data[index + width] !== 1;
}
