import { join } from 'node:path';
import { GeometryError, ShapeError } from '@fsmr/core';
import { assertSameGeometry, type LabelVolume, readNifti, readNiftiLabels, type Volume } from '@fsmr/imaging';
import type { RawCase } from './run.js';

/** Names in code unit order, the order of the published scripts. */
export const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Reads a case whose raters share the image's voxel grid. A mask that claims another place in the world gets the
 * image's, with a warning, as the published script does without one.
 *
 * @throws ShapeError for a mask of another size.
 */
export async function readOnOneGrid(
  folder: string,
  raw: RawCase,
): Promise<{ image: Volume; labels: Map<number, LabelVolume>; warnings: string[] }> {
  const image = await readNifti(join(folder, raw.image));
  const labels = new Map<number, LabelVolume>();
  const warnings: string[] = [];
  for (const [rater, file] of raw.masks) {
    const map = await readNiftiLabels(join(folder, file), { rater: String(rater) });
    if (map.size.some((extent, axis) => extent !== image.size[axis])) {
      throw new ShapeError(`the mask is ${map.size.join(' x ')}, but its image is ${image.size.join(' x ')}.`, {
        file: join(folder, file),
        rater: String(rater),
        remedy: 'Get the file again, or resample the mask onto its image.',
      });
    }
    try {
      assertSameGeometry(image, map);
    } catch (error) {
      if (!(error instanceof GeometryError)) throw error;
      warnings.push(`${file}: ${error.message} It was taken to lie on its image.`);
    }
    const { size, spacing, origin, direction } = image;
    labels.set(rater, { kind: 'labels', data: map.data, size, spacing, origin, direction });
  }
  return { image, labels, warnings };
}
