import { ShapeError } from '@fsmr/core/errors';

/** A grey image: row y, column x is `data[y * width + x]`. */
export interface Image2D {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** A mask: 1 where the object is, else 0. */
export interface Mask2D {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A label image: one integer a pixel, 0 is background. */
export interface LabelImage {
  readonly width: number;
  readonly height: number;
  readonly data: Int32Array;
}

/** Checks that data and size agree. @throws ShapeError where they do not. */
export function checkImage(image: { width: number; height: number; data: ArrayLike<number> }): void {
  const { width, height, data } = image;
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new ShapeError(`an image needs at least one pixel a side, found ${width} x ${height}.`);
  }
  if (width * height !== data.length) {
    throw new ShapeError(
      `an image of ${width} x ${height} has ${width * height} pixels, but ${data.length} were given.`,
    );
  }
}

/** The pixels that hold one label, as a 0/1 mask. */
export function maskOfLabel(labels: LabelImage, label: number): Mask2D {
  const data = new Uint8Array(labels.data.length);
  for (let i = 0; i < data.length; i++) data[i] = labels.data[i] === label ? 1 : 0;
  return { width: labels.width, height: labels.height, data };
}

/** The number of pixels of a mask that are set. */
export function maskArea(mask: Mask2D): number {
  let area = 0;
  for (let i = 0; i < mask.data.length; i++) if (mask.data[i] !== 0) area++;
  return area;
}
