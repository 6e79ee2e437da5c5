import { ConfigError } from '@fsmr/core/errors';
import {
  createLabelVolume,
  gaussianFilter,
  imageSlice,
  type LabelVolume,
  type Vector3,
  type Volume,
} from '@fsmr/imaging';
import { checkSegmentation, type FelzenszwalbOptions } from './felzenszwalb.js';
import { foregroundMask, foregroundThresholds } from './foreground.js';
import { type EdgeFamily, sortedEdges } from './grid-edges.js';
import { mergeRegions, type Partition } from './regions.js';

// Half of the 26 neighbours. The order is the published program's and decides between equal costs. Steps across slices
// cost more the thicker the slices are: a diagonal's factor is the mean of its axes' squared factors.
function neighbours(spacing: Vector3): EdgeFamily[] {
  const ratio = spacing[2] / spacing[0];
  const s2 = ratio * ratio;
  const one = (1 + s2) / 2;
  const two = (2 + s2) / 3;
  return [
    { offset: [0, 1, 0], squaredFactor: 1 },
    { offset: [1, 1, 0], squaredFactor: 1 },
    { offset: [1, 0, 0], squaredFactor: 1 },
    { offset: [-1, 1, 0], squaredFactor: 1 },
    { offset: [0, 1, 1], squaredFactor: one },
    { offset: [1, 1, 1], squaredFactor: two },
    { offset: [1, 0, 1], squaredFactor: one },
    { offset: [0, -1, 1], squaredFactor: one },
    { offset: [-1, -1, 1], squaredFactor: two },
    { offset: [-1, 0, 1], squaredFactor: one },
    { offset: [-1, 1, 1], squaredFactor: two },
    { offset: [1, -1, 1], squaredFactor: two },
    { offset: [0, 0, 1], squaredFactor: s2 },
  ];
}

/** Values on a grid, as {@link felzenszwalb3d} takes them: any precision, x fastest. */
export interface Values3D {
  readonly data: Float32Array | Float64Array;
  readonly size: Vector3;
  /** Spacing x, y, z. */
  readonly spacing: Vector3;
}

/**
 * Felzenszwalb and Huttenlocher's segmentation in 26 neighbours with edge costs that follow the spacing, as the
 * published supervoxel program (Q-Net, RPT) does it. Values are used as they are.
 *
 * @param options sigma 0 and minimum size 5000 when absent; sigma is divided by the spacing of each axis.
 * @returns regions 0..count-1 in the order of their first voxel.
 * @throws ConfigError for negative parameters or volumes too large for 32-bit edge numbers, NumericError for NaN.
 */
export function felzenszwalb3d(volume: Values3D, options: FelzenszwalbOptions = {}): Partition {
  const { scale = 1, sigma = 0, minimumSize = 5000 } = options;
  const { data, size, spacing } = volume;
  checkSegmentation(data, scale, sigma, minimumSize);
  const families = neighbours(spacing);
  if (data.length * families.length > 2 ** 31 - 1) {
    throw new ConfigError(`a volume of ${size.join(' x ')} is too large to be cut into supervoxels.`, {
      remedy: 'Crop it, or resample it to a coarser spacing.',
    });
  }
  const smooth = gaussianFilter(data, size, [sigma / spacing[0], sigma / spacing[1], sigma / spacing[2]]);
  return mergeRegions(sortedEdges(smooth, size, families), scale / 255, minimumSize);
}

/** How supervoxels are made. */
export interface SupervoxelOptions extends FelzenszwalbOptions {
  /** Voxels above it, on a scale of 0 to 255, are body; 10 when absent. */
  readonly foregroundThreshold?: number | undefined;
}

function rescale(data: Float32Array): Float64Array {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < data.length; i++) {
    low = Math.min(low, data[i]!);
    high = Math.max(high, data[i]!);
  }
  const range = high - low || 1;
  const values = new Float64Array(data);
  for (let i = 0; i < values.length; i++) values[i] = (255 * (values[i]! - low)) / range;
  return values;
}

/**
 * Supervoxels of a scan, the pseudo labels of Q-Net and RPT: intensities rescaled to 0..255, cut into regions, the body
 * of each slice kept (see {@link foregroundMask}). Region 0 becomes the greatest number plus one; 0 is outside.
 *
 * @param options minimum size 5000 (CHAOST2 and SABS) when absent, 1000 for CMR.
 * @returns a label map on the scan's grid.
 * @throws ConfigError or NumericError as {@link felzenszwalb3d}.
 */
export function supervoxels(volume: Volume, options: SupervoxelOptions = {}): LabelVolume {
  const { size, spacing } = volume;
  const values = rescale(volume.data);
  const { data, count } = felzenszwalb3d({ data: values, size, spacing }, options);
  const scaled: Volume = { ...volume, data: new Float32Array(values) };
  const area = size[0] * size[1];
  for (let z = 0; z < size[2]; z++) {
    const mask = foregroundMask(imageSlice(scaled, z), options.foregroundThreshold ?? foregroundThresholds.supervoxels);
    for (let i = 0; i < area; i++) {
      const voxel = z * area + i;
      if (mask.data[i] === 0) data[voxel] = 0;
      else if (data[voxel] === 0) data[voxel] = count;
    }
  }
  return createLabelVolume(data, size, volume);
}
