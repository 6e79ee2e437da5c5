import { ConfigError, NumericError } from '@fsmr/core';
import { checkImage, gaussianFilter, type Image2D, type LabelImage } from '@fsmr/imaging';
import { mergeRegions, type Partition, type SortedEdges } from './regions.js';
import { stableOrder } from './sort-edges.js';

/** The parameters of Felzenszwalb's segmentation. */
export interface FelzenszwalbOptions {
  /** Greater means larger regions; used as `scale / 255`, as scikit-image does. 1 when absent. */
  readonly scale?: number | undefined;
  /** Standard deviation of the Gaussian that smooths first, in pixels (3D: divided by each axis' spacing). */
  readonly sigma?: number | undefined;
  /** Regions of fewer pixels or voxels are merged with a neighbour. */
  readonly minimumSize?: number | undefined;
}

/** @throws ConfigError for values no segmentation can use, NumericError where a voxel is NaN or infinite. */
export function checkSegmentation(data: ArrayLike<number>, scale: number, sigma: number, minimumSize: number): void {
  if (!(scale >= 0 && sigma >= 0 && minimumSize >= 0)) {
    throw new ConfigError(
      `scale, sigma and minimum size must not be negative, found ${scale}, ${sigma} and ${minimumSize}.`,
    );
  }
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i]!)) throw new NumericError(`a segmentation needs finite values, found ${data[i]}.`);
  }
}

// The edge families in the order in which scikit-image lists them, which decides between equal costs:
// right, down, down-right, up-right.
function edgesOf(values: Float64Array, width: number, height: number): SortedEdges {
  const count = height * (width - 1) + (height - 1) * width + 2 * (height - 1) * (width - 1);
  const from = new Int32Array(count);
  const to = new Int32Array(count);
  const cost = new Float64Array(count);
  let edge = 0;
  const family = (dx: 0 | 1, dy: 0 | 1, start: number, shift: number): void => {
    for (let y = 0; y < height - dy; y++) {
      for (let x = 0; x < width - dx; x++, edge++) {
        const a = y * width + x + start;
        from[edge] = a;
        to[edge] = a + shift;
        cost[edge] = Math.abs(values[a]! - values[a + shift]!);
      }
    }
  };
  family(1, 0, 0, 1);
  family(0, 1, 0, width);
  family(1, 1, 0, width + 1);
  family(1, 1, width, 1 - width);
  return { from, to, cost, order: stableOrder(cost) };
}

/**
 * Felzenszwalb and Huttenlocher's graph-based segmentation ("Efficient Graph-Based Image Segmentation", IJCV 2004) of
 * a grey image, the same regions and numbers as scikit-image's `felzenszwalb` on one channel. Defaults are the
 * parameters of the published programs (scale 1, sigma 1, minimum size 400).
 *
 * @returns regions 0..count-1 in the order of their first pixel; region 0 holds the first pixel. Equal costs keep the
 * order of their edges, where scikit-image's sort leaves it open.
 * @throws ConfigError for negative parameters, NumericError for NaN, ShapeError for a broken image.
 */
export function felzenszwalb2d(image: Image2D, options: FelzenszwalbOptions = {}): LabelImage & Partition {
  const { scale = 1, sigma = 1, minimumSize = 400 } = options;
  checkImage(image);
  checkSegmentation(image.data, scale, sigma, minimumSize);
  const { width, height } = image;
  const values = gaussianFilter(image.data, [width, height, 1], [sigma, sigma, 0]);
  const edges = edgesOf(values, width, height);
  return { width, height, ...mergeRegions(width * height, edges, scale / 255, minimumSize) };
}
