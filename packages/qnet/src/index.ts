export { fuseProbabilities, probabilityLogits } from './decode.js';
export { qnetPresets } from './presets.js';
export { foregroundProbability, thresholdOf, unitFeatures } from './probability.js';
export { imageMaskedMean, shotMeanPrototype } from './prototype.js';
export { probabilityAlignment, type QNetOptions, type QNetShared, qnet } from './qnet.js';
export { type QueryStatistics, queryStatistics } from './query-statistics.js';
export { type RefineInputs, refinePrototype } from './refine.js';
