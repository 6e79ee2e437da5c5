import { InputError, ShapeError } from '@fsmr/core';
import type { Dataset, Scan } from './types.js';
import { unknownLabel } from './unknown-label.js';

/**
 * Checks what a data set's `read` answered, which anybody may have written: what is wrong here would show up later as a
 * Dice of 0, as a class that nobody drew, or as a tensor's error that names no scan. Call it once for each read; it looks
 * at every voxel once.
 *
 * @param dataset whose name, raters and classes count
 * @param id the scan that was asked for
 * @param scan what was read
 * @returns the same scan
 * @throws ShapeError for a size that is not three whole positive numbers, and for an image or labels of another length;
 * InputError for anything that is no scan, another scan, voxels that are not finite, raters whom the data set does not name
 * and labels that are no class ids. They name data set, scan and rater.
 */
export function checkScan(dataset: Pick<Dataset, 'name' | 'raters' | 'classes'>, id: string, scan: Scan): Scan {
  const place = `scan ${id} of ${dataset.name}`;
  if (typeof scan !== 'object' || scan === null) {
    const what = scan === undefined || scan === null ? String(scan) : `a ${typeof scan}`;
    throw new InputError(`${place} was read as ${what}.`, {
      remedy: 'Let read answer { id, size, image, labels }.',
    });
  }
  // Whoever keeps something of a scan keeps it by its id.
  if (scan.id !== id) {
    throw new InputError(`${place} was read as scan ${scan.id}.`, {
      remedy: 'Let read answer the scan it is asked for.',
    });
  }
  checkSize(scan.size, place);
  checkImage(scan, place);
  checkLabels(dataset, scan, place);
  return scan;
}

function checkSize(size: readonly number[] | undefined, place: string): void {
  if (size?.length === 3 && size.every((extent) => Number.isInteger(extent) && extent > 0)) return;
  throw new ShapeError(`${place} has the size ${size?.join?.(' x ') ?? size}.`, {
    remedy: 'Give slices, height and width as whole numbers from 1 on.',
  });
}

function checkImage({ size, image, stored }: Scan, place: string): void {
  if (kindOf(image) !== 'Float32Array') {
    throw new InputError(`the image of ${place} is no Float32Array.`, {
      remedy: 'Convert it: Float32Array.from(values).',
    });
  }
  checkLength(image, size, `the image of ${place} has`);
  for (let i = 0; i < image.length; i++) {
    const value = image[i]!;
    // NaN for NaN and infinity; as it is asked of every voxel, by what costs least.
    if (value - value === 0) continue;
    const [, height, width] = size;
    const [slice, row] = [Math.floor(i / (height * width)), Math.floor(i / width) % height];
    throw new InputError(`the image of ${place} is ${value} at slice ${slice}, row ${row}, column ${i % width}.`, {
      remedy: 'Give finite values; 0 where nothing was measured.',
    });
  }
  if (stored === undefined || (Number.isFinite(stored.mean) && Number.isFinite(stored.std) && stored.voxels > 0))
    return;
  throw new InputError(`the stored statistics of ${place} are no numbers.`, {
    remedy: 'Give mean, std and voxels of the whole volume, or leave stored out.',
  });
}

function checkLabels({ raters, classes }: Pick<Dataset, 'raters' | 'classes'>, scan: Scan, place: string): void {
  const { size, labels } = scan;
  if (typeof labels !== 'object' || labels === null) {
    throw new InputError(`${place} has no labels.`, {
      remedy: 'Give a Uint8Array a rater, or {} where nobody outlined it.',
    });
  }
  const ids = classes.map(({ id }) => id);
  for (const [rater, own] of Object.entries(labels)) {
    if (!raters.includes(rater)) {
      throw new InputError(`${place} has labels of a rater whom the data set does not name.`, {
        rater,
        remedy: `Its raters are ${raters.join(', ')}.`,
      });
    }
    if (kindOf(own) !== 'Uint8Array') {
      throw new InputError(`the labels of ${place} are no Uint8Array.`, {
        rater,
        remedy: 'Convert them: Uint8Array.from(ids); leave out a rater who did not outline the scan.',
      });
    }
    checkLength(own, size, `the labels of ${place} have`, rater);
    const unknown = unknownLabel(own, ids);
    if (unknown !== undefined) {
      const known = classes.map(({ id, name }) => `${id} (${name})`).join(', ');
      throw new InputError(`the labels of ${place} hold ${unknown}.`, {
        rater,
        remedy: `Give ids of the classes, ${known}, and 0 for the background.`,
      });
    }
  }
}

function checkLength(values: ArrayLike<number>, size: Scan['size'], who: string, rater?: string): void {
  const voxels = size[0] * size[1] * size[2];
  if (values.length === voxels) return;
  throw new ShapeError(`${who} ${values.length} voxels where ${size.join(' x ')} are ${voxels}.`, {
    rater,
    remedy: 'Give a value for every voxel [z, y, x], x fastest.',
  });
}

/** The name of a typed array's type, also of one from another realm, of which `instanceof` knows nothing. */
function kindOf(value: unknown): unknown {
  return (value as { [Symbol.toStringTag]?: unknown } | null | undefined)?.[Symbol.toStringTag];
}
