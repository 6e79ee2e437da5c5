import { checkImage, type Mask2D } from './image.js';
import type { Kernel } from './kernels.js';

// Both operations combine shifted copies of the mask, row by row and clipped at the border: what lies outside never
// decides, as with OpenCV's default border.
function combine(mask: Mask2D, kernel: Kernel, erode: boolean): Mask2D {
  checkImage(mask);
  const { width, height, data: source } = mask;
  const data = new Uint8Array(source.length);
  if (erode) data.fill(255);
  for (let k = 0; k < kernel.dx.length; k++) {
    const dx = kernel.dx[k]!;
    const dy = kernel.dy[k]!;
    const x0 = Math.max(0, -dx);
    const x1 = Math.min(width, width - dx);
    const y1 = Math.min(height, height - dy);
    for (let y = Math.max(0, -dy); y < y1; y++) {
      const shift = dy * width + dx;
      const end = y * width + x1;
      for (let i = y * width + x0; i < end; i++) {
        const byte = source[i + shift]!;
        if (erode ? byte < data[i]! : byte > data[i]!) data[i] = byte;
      }
    }
  }
  return { width, height, data };
}

/**
 * Erosion: the least byte under the kernel, so that of a mask a pixel stays where every pixel under it is set; what lies
 * outside the image counts as set. Equal to OpenCV's `erode`. A new mask is returned.
 * @throws ShapeError where data and size disagree.
 */
export function erode(mask: Mask2D, kernel: Kernel): Mask2D {
  return combine(mask, kernel, true);
}

/**
 * Dilation: the greatest byte under the kernel (not mirrored), so that of a mask a pixel is set where any pixel under it
 * is; what lies outside the image counts as not set. Equal to OpenCV's `dilate`.
 * @throws ShapeError where data and size disagree.
 */
export function dilate(mask: Mask2D, kernel: Kernel): Mask2D {
  return combine(mask, kernel, false);
}

/** Erosion, then dilation: removes what the kernel does not fit into. */
export function open(mask: Mask2D, kernel: Kernel): Mask2D {
  return dilate(erode(mask, kernel), kernel);
}

/** Dilation, then erosion: closes gaps the kernel does not fit into. */
export function close(mask: Mask2D, kernel: Kernel): Mask2D {
  return erode(dilate(mask, kernel), kernel);
}
