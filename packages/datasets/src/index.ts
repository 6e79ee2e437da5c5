export { applyAugmentation, applyGamma } from './augment/apply.js';
export {
  type Augmentation,
  type AugmentationName,
  type AugmentationPreset,
  augmentationPresets,
  sampleAugmentation,
} from './augment/parameters.js';
export { datasetStatistics, normalise, statisticsOf, trainingStatistics } from './episode/normalise.js';
export {
  type EpisodeAugmentation,
  type PseudoEpisode,
  type PseudoEpisodeInputs,
  pseudoEpisode,
} from './episode/pseudo.js';
export {
  type PseudoRequest,
  type PseudoSource,
  type PseudoSourceOptions,
  pseudoEpisodes,
} from './episode/pseudo-source.js';
export { type RealEpisodeInputs, realEpisode } from './episode/real.js';
export { isEmpty, resizeSlice, sliceOf } from './episode/slice.js';
export { toAnnotatedImage, toTensors } from './episode/tensors.js';
export { folderDataset } from './folder/folder.js';
export type { FolderOptions, ManifestEntry } from './folder/options.js';
export { bubil, lidc } from './folder/presets.js';
export { type PhantomOptions, phantomDataset } from './phantom/phantom.js';
export { drawOutline, type PhantomRater, type PhantomStyle, phantomRaters } from './phantom/raters.js';
export { classMapOf, classSlices, readClassMap } from './protocol/class-map.js';
export {
  type EvaluationEpisode,
  type EvaluationOptions,
  type EvaluationPlan,
  evaluationEpisodes,
  type SkippedPair,
} from './protocol/plan.js';
export { createSetting, type Setting } from './protocol/setting.js';
export { queryBounds, queryPart, supportSlices } from './protocol/support.js';
export * from './types.js';
