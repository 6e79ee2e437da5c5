import type { LabelImage } from '@fsmr/imaging';
import { type SuperpixelOptions, superpixels } from '@fsmr/pseudo-labels';
import type { Dataset, Scan } from '../types.js';

/**
 * The superpixels of one slice: those that preparation made, or, where it made none, the published ones as the data set
 * says, with the minimum size of 400 pixels scaled to the area of images below 256 x 256.
 */
export async function regionsOfSlice(
  dataset: Dataset,
  scan: Scan,
  z: number,
  options: SuperpixelOptions = {},
): Promise<LabelImage> {
  const [, height, width] = scan.size;
  const area = height * width;
  if (dataset.superpixels !== undefined) {
    const all = await dataset.superpixels(scan.id);
    return { width, height, data: all.slice(z * area, (z + 1) * area) };
  }
  const image = { width, height, data: scan.image.subarray(z * area, (z + 1) * area) };
  const minimumSize = Math.round(400 * Math.min(1, area / 65536));
  return superpixels(image, { minimumSize, ...dataset.superpixelOptions, ...options });
}
