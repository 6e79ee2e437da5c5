import { fillHoles, type Image2D, largestComponent, type Mask2D } from '@fsmr/imaging';

/** Thresholds of the published programs: CT and all QUBIQ tasks, CHAOS T2, and supervoxels on a 0..255 scale. */
export const foregroundThresholds = { ct: 1e-4, qubiq: 1e-4, chaost2: 50.0001, supervoxels: 10 } as const;

/**
 * The body in a slice: pixels above a threshold, of these the largest component (8 neighbours, the first in raster
 * order among equals), its holes filled. Nothing above the threshold gives an empty mask.
 */
export function foregroundMask(image: Image2D, threshold: number): Mask2D {
  const data = new Uint8Array(image.data.length);
  for (let i = 0; i < data.length; i++) data[i] = image.data[i]! > threshold ? 1 : 0;
  return fillHoles(largestComponent({ width: image.width, height: image.height, data }, 8));
}
