export { alignmentLoss, hardForeground } from './alignment.js';
export { allShots, consensusForeground, type RaterMasks, resizeMasks, selectShots } from './masks.js';
export * from './model.js';
export * from './segment.js';
