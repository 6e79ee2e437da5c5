import { ConfigError } from '@fsmr/core';
import type { ClassMap, Dataset } from '../types.js';
import { classSlices } from './class-map.js';

/** What training may see of the classes that are tested; plain data, to be printed in every report. */
export interface Setting {
  /** 1: unlabelled test classes may be in training slices. 2: slices that show them are left out. */
  readonly setting: 1 | 2;
  readonly testClasses: readonly number[];
  /** Slices training leaves out, by scan. */
  readonly excludedSlices: Readonly<Record<string, readonly number[]>>;
}

/**
 * Setting 1 or 2 of few-shot segmentation (datasets section 8.7). In Setting 2 a slice is left out when any rater drew a
 * single pixel of a test class on it.
 *
 * @param map of the training scans; needed for Setting 2 alone
 * @throws ConfigError for a class the data set lacks, or Setting 2 without a map
 */
export function createSetting(
  dataset: Dataset,
  { setting, testClasses }: Pick<Setting, 'setting' | 'testClasses'>,
  map?: ClassMap,
): Setting {
  const unknown = testClasses.find((id) => !dataset.classes.some((known) => known.id === id));
  if (unknown !== undefined) throw new ConfigError(`${dataset.name} has no class ${unknown}.`);
  if (setting === 1) return { setting, testClasses, excludedSlices: {} };
  if (map === undefined) throw new ConfigError('Setting 2 needs to know where the test classes are.');
  const excludedSlices: Record<string, number[]> = {};
  for (const { id } of dataset.scans) {
    const slices = new Set(testClasses.flatMap((classId) => classSlices(map, id, classId)));
    if (slices.size > 0) excludedSlices[id] = [...slices].sort((a, b) => a - b);
  }
  return { setting, testClasses, excludedSlices };
}
