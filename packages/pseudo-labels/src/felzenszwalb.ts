import { ConfigError, NumericError } from '@fsmr/core/errors';
import { checkImage, gaussianFilter, type Image2D, type LabelImage, type Vector3 } from '@fsmr/imaging';
import { type EdgeFamily, sortedEdges } from './grid-edges.js';
import { mergeRegions, type Partition } from './regions.js';

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

// In the order in which scikit-image lists them, which decides between equal costs.
const neighbours: readonly EdgeFamily[] = [
  { offset: [1, 0, 0], squaredFactor: 1 },
  { offset: [0, 1, 0], squaredFactor: 1 },
  { offset: [1, 1, 0], squaredFactor: 1 },
  { offset: [1, -1, 0], squaredFactor: 1 },
];

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
  const size: Vector3 = [width, height, 1];
  const edges = sortedEdges(gaussianFilter(image.data, size, [sigma, sigma, 0]), size, neighbours);
  return { width, height, ...mergeRegions(edges, scale / 255, minimumSize) };
}
