import { ConfigError } from '@fsmr/core';
import { checkScan } from './check-scan.js';
import { resizeSlice } from './episode/slice.js';
import type { Dataset, Scan } from './types.js';

/**
 * A data set whose slices all have one size: images bilinearly, labels by their nearest pixel. Larger images give
 * small structures more cells of a feature map; smaller ones cost less. Everything counted after this, Dice too, is counted
 * in the new pixels. Superpixels that preparation made do not fit any more and are made anew; so is the class map, as a
 * small structure may have lost its last pixel of a slice.
 *
 * @param size pixels of both edges
 * @throws ConfigError for a size that is not a whole positive number.
 */
export function resizedDataset(dataset: Dataset, size: number): Dataset {
  if (!Number.isInteger(size) || size < 1) {
    throw new ConfigError(`slices cannot be resized to ${size} pixels.`, { remedy: 'Give a whole positive number.' });
  }
  const { superpixels: _ofAnotherSize, classMap: _ofOtherPixels, ...rest } = dataset;
  return { ...rest, read: async (id) => resizedScan(checkScan(dataset, id, await dataset.read(id)), size) };
}

/** A scan whose slices are squares of `size` pixels: the image bilinearly, labels by their nearest pixel. */
export function resizedScan(scan: Scan, size: number): Scan {
  const [slices, height, width] = scan.size;
  if (height === size && width === size) return scan;
  const plane = height * width;
  const image = new Float32Array(slices * size * size);
  const names = Object.keys(scan.labels);
  const labels = Object.fromEntries(names.map((name) => [name, new Uint8Array(image.length)]));
  for (let z = 0; z < slices; z++) {
    const at = <A extends Float32Array | Uint8Array>(values: A): A => values.subarray(z * plane, (z + 1) * plane) as A;
    // Label ids move by nearest pixel as masks do, so one call resizes image and all labels.
    const masks = names.map((name) => at(scan.labels[name]!));
    const resized = resizeSlice({ height, width, image: at(scan.image), masks }, size, size);
    image.set(resized.image, z * size * size);
    for (const [index, name] of names.entries()) labels[name]!.set(resized.masks[index]!, z * size * size);
  }
  const { spacing } = scan;
  return {
    ...scan,
    size: [slices, size, size],
    image,
    labels,
    ...(spacing === undefined
      ? {}
      : { spacing: [spacing[0], (spacing[1] * height) / size, (spacing[2] * width) / size] as const }),
  };
}
