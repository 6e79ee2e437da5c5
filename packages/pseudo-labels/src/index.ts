export { type FelzenszwalbOptions, felzenszwalb2d } from './felzenszwalb.js';
export * from './foreground.js';
export * from './gallery.js';
export * from './pseudo-label-files.js';
export * from './pseudo-label-pool.js';
export * from './pseudo-label-workers.js';
export type { Partition } from './regions.js';
export * from './sample-style.js';
export * from './style.js';
export {
  numberAsPublished,
  numberConsecutively,
  type PickOptions,
  type PseudoLabel,
  pickPseudoLabel,
  type SuperpixelOptions,
  superpixels,
} from './superpixels.js';
export * from './supervoxels.js';
