import { InputError, ShapeError } from '@fsmr/core';
import type { Scan, SliceSample } from '../types.js';

/**
 * One slice of a scan with the masks of some raters.
 *
 * @param z the slice
 * @param classId the class that is foreground; all else is background
 * @param raters whose masks, in this order; none when absent
 * @throws ShapeError for a slice the scan lacks; InputError for a rater who did not outline it.
 */
export function sliceOf(scan: Scan, z: number, classId = 0, raters: readonly string[] = []): SliceSample {
  const [slices, height, width] = scan.size;
  if (!Number.isInteger(z) || z < 0 || z >= slices) {
    throw new ShapeError(`scan ${scan.id} has slices 0 to ${slices - 1}, not ${z}.`);
  }
  const [from, to] = [z * height * width, (z + 1) * height * width];
  const masks = raters.map((rater) => {
    const labels = scan.labels[rater];
    if (labels === undefined) throw new InputError(`did not outline scan ${scan.id}.`, { rater });
    return labels.subarray(from, to).map((id) => (id === classId ? 1 : 0));
  });
  return { height, width, image: scan.image.subarray(from, to), masks };
}

/**
 * A slice at another size: the image bilinearly (pixel centres at halves), masks by their nearest pixel. Images of one
 * episode must have one size; a prediction goes back the same way.
 */
export function resizeSlice(sample: SliceSample, height: number, width: number): SliceSample {
  if (sample.height === height && sample.width === width) return sample;
  const xs = taps(sample.width, width);
  const ys = taps(sample.height, height);
  const image = new Float32Array(height * width);
  const nearest = new Int32Array(height * width);
  for (let y = 0, i = 0; y < height; y++) {
    const [top, bottom, v] = [ys.low[y]! * sample.width, ys.high[y]! * sample.width, ys.weight[y]!];
    for (let x = 0; x < width; x++, i++) {
      const [left, right, u] = [xs.low[x]!, xs.high[x]!, xs.weight[x]!];
      const above = sample.image[top + left]! * (1 - u) + sample.image[top + right]! * u;
      const below = sample.image[bottom + left]! * (1 - u) + sample.image[bottom + right]! * u;
      image[i] = above * (1 - v) + below * v;
      nearest[i] = ys.nearest[y]! * sample.width + xs.nearest[x]!;
    }
  }
  const masks = sample.masks.map((mask) => new Uint8Array(nearest.length).map((_unused, i) => mask[nearest[i]!]!));
  return { height, width, image, masks };
}

function taps(from: number, to: number) {
  const at = (i: number): number => Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
  return {
    low: Int32Array.from({ length: to }, (_unused, i) => Math.floor(at(i))),
    high: Int32Array.from({ length: to }, (_unused, i) => Math.min(from - 1, Math.floor(at(i)) + 1)),
    weight: Float64Array.from({ length: to }, (_unused, i) => at(i) - Math.floor(at(i))),
    nearest: Int32Array.from({ length: to }, (_unused, i) => Math.min(from - 1, Math.floor(((i + 0.5) * from) / to))),
  };
}

/** Whether a mask has no foreground. */
export function isEmpty(mask: Uint8Array): boolean {
  return !mask.includes(1);
}
