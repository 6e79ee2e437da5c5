import type { Encoder } from '@fsmr/backbones';
import type { ParameterRecord } from '@fsmr/core';
import type { Statistics } from '@fsmr/datasets';
import type { EpochReport } from './epochs.js';
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
  /** Of the training scans, for CT; otherwise each scan is normalised by itself. */
  readonly statistics?: Statistics;
  readonly onEpoch?: (report: EpochReport) => void;
}

/** JAPC's paper trains baselines that long. */
export const defaultEpochs = 50;
