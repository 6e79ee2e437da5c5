import { rename, writeFile } from 'node:fs/promises';
import { ShapeError } from '@fsmr/core/errors';
import { encode } from 'fast-png';
import { checkImage, type Image2D, type Mask2D } from './image.js';

/** Pixels to be written: grey (1), RGB (3) or RGBA (4), row by row, channels together. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  /** 8-bit or 16-bit samples. */
  readonly data: Uint8Array | Uint16Array;
}

/** The bytes of a PNG file. @throws ShapeError where data and size disagree. */
export function encodePng(picture: Picture): Uint8Array {
  const { width, height, channels, data } = picture;
  if (data.length !== width * height * channels) {
    throw new ShapeError(
      `${width} x ${height} pixels of ${channels} channels need another length than ${data.length}.`,
    );
  }
  const depth = data instanceof Uint16Array ? 16 : 8;
  return encode({ width, height, channels, depth, data });
}

/** A 0/1 mask as a black and white picture. */
export function maskPicture(mask: Mask2D): Picture {
  checkImage(mask);
  return {
    width: mask.width,
    height: mask.height,
    channels: 1,
    data: mask.data.map((value) => (value === 0 ? 0 : 255)),
  };
}

/**
 * A grey image as an 8-bit picture.
 * @param low the value shown black; the image's least when absent.
 * @param high the value shown white; the image's greatest when absent.
 */
export function greyPicture(image: Image2D, low?: number, high?: number): Picture {
  checkImage(image);
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < image.data.length; i++) {
    least = Math.min(least, image.data[i]!);
    greatest = Math.max(greatest, image.data[i]!);
  }
  const black = low ?? least;
  const range = (high ?? greatest) - black || 1;
  const data = new Uint8Array(image.data.length);
  for (let i = 0; i < data.length; i++) {
    data[i] = Math.round(Math.min(1, Math.max(0, (image.data[i]! - black) / range)) * 255);
  }
  return { width: image.width, height: image.height, channels: 1, data };
}

/** Writes a PNG file, whole or not at all. @throws ShapeError where data and size disagree. */
export async function writePng(path: string, picture: Picture): Promise<void> {
  const bytes = encodePng(picture);
  await writeFile(`${path}.part`, bytes);
  await rename(`${path}.part`, path);
}
