export * from './aggregate.js';
export * from './agreement.js';
export * from './bootstrap.js';
export * from './calibration.js';
export * from './consensus.js';
export {
  type Confusion,
  type ConfusionOptions,
  type Counts,
  confusion,
  dice,
  iou,
  precision,
  recall,
  sumCounts,
} from './counts.js';
export * from './crps.js';
export * from './energy-distance.js';
export * from './holm.js';
export * from './moments.js';
export * from './normal.js';
export type { Alternative, Probability } from './probability.js';
export * from './published.js';
export * from './render.js';
export * from './result-rows.js';
export * from './sign-flip.js';
export * from './staple.js';
export * from './surface.js';
export * from './t-test.js';
export * from './table.js';
export * from './thresholded-dice.js';
export * from './wilcoxon.js';
