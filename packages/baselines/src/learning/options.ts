import type { Encoder } from '@fsmr/backbones';
import type { ParameterRecord } from '@fsmr/core';
import type { Statistics } from '@fsmr/datasets';
import type { Lesson } from '@fsmr/training';
import type { EpochReport } from './epochs.js';
import type { LearningMemory } from './memory.js';
import type { TrainingAugmentation } from './samples.js';

/** What all baselines that train share. */
export interface TrainedSegmenterOptions {
  /** The shared backbone. */
  readonly encoder: Encoder;
  /**
   * Its parameters to begin with, under its own names; every lesson trains a copy. They stay the caller's. Without them
   * every lesson begins with fresh ones.
   */
  readonly parameters?: ParameterRecord;
  /** The name results go by. */
  readonly name?: string;
  /** 50 unless given, as in JAPC's paper. */
  readonly epochs?: number;
  readonly learningRate?: number;
  /** `sabs_aug` unless given. */
  readonly augmentation?: TrainingAugmentation;
  /**
   * Which slices of the support train: those a few-shot method is taught with, or all on which a rater drew the class;
   * `support` unless given. The supervised bound looks at none.
   */
  readonly slices?: 'support' | 'all';
  /** Of the training scans, for CT; otherwise each scan is normalised by itself. */
  readonly statistics?: Statistics;
  readonly onEpoch?: (report: EpochReport) => void;
  /** Keeps what is learned between epochs, so that learning goes on after an interruption and is done once. */
  readonly memory?: LearningMemory;
}

/** JAPC's paper trains baselines that long. */
export const defaultEpochs = 50;

/** Where what is learned from one class of one support is kept. */
export const lessonName = (segmenter: string, { className, scan, raters }: Lesson): string =>
  `${segmenter}-${className}-${encodeURIComponent(scan.id)}${raterSuffix(raters, Object.keys(scan.labels))}`;

/** Where some of the raters who could be learned are not, as some query lacks them, a network of those that are. */
export function raterSuffix(raters: readonly string[], all: readonly string[]): string {
  return raters.length === all.length ? '' : `-of-${raters.map(encodeURIComponent).join('+')}`;
}

/** What every learning from a support depends on, besides the segmenter's own settings. */
export const lessonSettings = ({ scan, slices, classId, raters, seed }: Lesson): readonly unknown[] => [
  scan.id,
  slices,
  classId,
  raters,
  seed,
];
