import type { Mask2D } from '@fsmr/imaging';
import { contours } from 'd3-contour';

/**
 * The outline of a mask as SVG path data, in units of pixels times `scale`: along the edges of its pixels, with corners
 * cut; empty for an empty mask.
 */
export function outlinePath({ data, width, height }: Mask2D, scale: number): string {
  const [contour] = contours().size([width, height]).smooth(false).thresholds([0.5])(Array.from(data));
  const rings = contour!.coordinates.flat();
  return rings
    .map((ring) => `M${ring.map(([x, y]) => `${round(x! * scale)},${round(y! * scale)}`).join('L')}Z`)
    .join('');
}

function round(value: number): number {
  return Math.round(100 * value) / 100;
}
