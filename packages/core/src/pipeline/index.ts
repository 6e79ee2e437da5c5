export { type AlignmentInputs, alignmentLoss, hardForeground } from './alignment.js';
export type { Pass } from './classify.js';
export { episodeMasks, queryTruth } from './episode-masks.js';
export { checkTruthValues } from './mask-values.js';
export { allShots, consensusForeground, type RaterMasks, resizeMasks, selectShots } from './masks.js';
export * from './model.js';
export * from './segment.js';
