export {
  datasetStatistics,
  normalise,
  type Statistics,
  statisticsOf,
  trainingStatistics,
} from './episode/normalise.js';
export { folderDataset } from './folder/folder.js';
export type { FolderOptions, ManifestEntry } from './folder/options.js';
export { bubil, lidc } from './folder/presets.js';
export { type PhantomOptions, phantomDataset } from './phantom/phantom.js';
export { drawOutline, type PhantomRater, type PhantomStyle, phantomRaters } from './phantom/raters.js';
export * from './types.js';
