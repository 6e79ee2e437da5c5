export * from './backbone.js';
export * from './define.js';
export * from './episode.js';
export * from './features.js';
export * from './method.js';
export * from './parameters.js';
export * from './prototypes.js';
export type { PublishedTraining } from './published-training.js';
export { checkSpecificationVersion } from './version.js';
