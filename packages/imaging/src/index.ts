export * from './byte-blur.js';
export * from './components.js';
export * from './crop.js';
export * from './distance.js';
export * from './gaussian.js';
export * from './geometry.js';
export * from './holes.js';
export * from './image.js';
export * from './kernels.js';
export * from './morphology.js';
export { type NiftiHeader, parseNiftiHeader } from './nifti-header.js';
export {
  decodeNifti,
  decodeNiftiLabels,
  type ReadOptions,
  readNifti,
  readNiftiHeader,
  readNiftiLabels,
} from './nifti-read.js';
export type { NiftiType } from './nifti-types.js';
export * from './nifti-write.js';
export * from './percentile.js';
export * from './png-read.js';
export * from './png-write.js';
export * from './reorient.js';
export * from './resample.js';
export { gridWithSpacing } from './sampling.js';
export * from './volume.js';
