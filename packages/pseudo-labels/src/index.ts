export { type FelzenszwalbOptions, felzenszwalb2d } from './felzenszwalb.js';
export * from './foreground.js';
export type { Partition } from './regions.js';
export * from './sample-style.js';
export * from './style.js';
export * from './superpixels.js';
export * from './supervoxels.js';
