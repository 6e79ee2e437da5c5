export { applyAugmentation, applyGamma } from './augment/apply.js';
export {
  type Augmentation,
  type AugmentationName,
  type AugmentationPreset,
  augmentationPresets,
  sampleAugmentation,
} from './augment/parameters.js';
export { checkScan } from './check-scan.js';
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
  type SourcedEpisode,
} from './episode/pseudo-source.js';
export { type RealEpisodeInputs, realEpisode } from './episode/real.js';
export { type RealSource, type RealSourceOptions, realEpisodes } from './episode/real-source.js';
export { isEmpty, resizeSlice, sliceOf } from './episode/slice.js';
export { toAnnotatedImage, toTensors } from './episode/tensors.js';
export { folderDataset } from './folder/folder.js';
export type { FolderOptions, ManifestEntry } from './folder/options.js';
export { bubil, lidc } from './folder/presets.js';
export { fleissKappa, type KappaSums, kappaSums, maskDice } from './inspect/agreement.js';
export { type ContactSheetOptions, contactSheet } from './inspect/contact-sheet.js';
export { type EpisodeSheet, type EpisodeSheetOptions, episodeSheet } from './inspect/episode-sheet.js';
export { type ClassReport, type DatasetReport, type InspectOptions, inspect } from './inspect/inspect.js';
export { type PhantomOptions, phantomDataset } from './phantom/phantom.js';
export { drawOutline, type PhantomRater, type PhantomStyle, phantomRaters } from './phantom/raters.js';
export { type CurvasOptions, prepareCurvas } from './prepare/curvas.js';
export { windowed } from './prepare/intensity.js';
export { prepareQubiq, type QubiqFolders, type QubiqOptions } from './prepare/qubiq.js';
export { type QubiqSplit, type QubiqTask, qubiqTasks } from './prepare/qubiq-layout.js';
export type { CaseRecord, FileRecord, PreparationRecord, StepRecord } from './prepare/record.js';
export type { PrepareControl } from './prepare/run.js';
export { prepareSingleRater, type SingleRaterSet } from './prepare/single-rater.js';
export { type PreparedOptions, preparedDataset } from './prepared/prepared.js';
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
export { resizedDataset, resizedScan } from './resized.js';
export { overlappingFolds, type PublishedName, type PublishedTable, publishedTables, testClasses } from './tables.js';
export * from './types.js';
