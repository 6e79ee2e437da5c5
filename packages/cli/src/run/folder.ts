import { join } from 'node:path';
import type { TrainingLogFiles } from '@fsmr/training';
import { shareFile } from './shard.js';

/** Where a run keeps what it makes. */
export interface RunFolder {
  readonly root: string;
  readonly config: string;
  readonly versions: string;
  /** The state of an arm in training, for resuming. */
  checkpoint(arm: string): string;
  /** The log of an arm in training, one JSON value a step. */
  log(arm: string): string;
  /** The same as a table and for TensorBoard too. */
  logs(arm: string): TrainingLogFiles;
  /** The finished weights of an arm. */
  weights(arm: string): string;
  /** One JSON value an evaluated episode. */
  readonly records: string;
  /** The same of share i of n. */
  shardRecords(index: number, count: number): string;
  /** The folder of all record files. */
  readonly evaluation: string;
  /** The configuration that was evaluated last, which may ask for other arms and cases than the trained one. */
  readonly evaluationConfig: string;
  readonly metrics: string;
  readonly metricsCsv: string;
  /** One line a query scan and rater. */
  readonly scansCsv: string;
  readonly overlays: string;
  /** What the report's panels show, to draw them again. */
  readonly panels: string;
  readonly report: string;
}

/** The layout of a run folder. */
export function runFolder(root: string): RunFolder {
  return {
    root,
    config: join(root, 'config.json'),
    versions: join(root, 'versions.json'),
    checkpoint: (arm) => join(root, 'checkpoints', `${arm}.safetensors`),
    log: (arm) => join(root, 'logs', `${arm}.jsonl`),
    logs: (arm) => ({
      jsonl: join(root, 'logs', `${arm}.jsonl`),
      csv: join(root, 'logs', `${arm}.csv`),
      events: join(root, 'logs', 'tensorboard', arm, 'events.out.tfevents.0'),
    }),
    weights: (arm) => join(root, 'weights', `${arm}.safetensors`),
    records: join(root, 'evaluation', 'records.jsonl'),
    shardRecords: (index, count) => join(root, 'evaluation', shareFile('records', '.jsonl', { index, count })),
    evaluation: join(root, 'evaluation'),
    evaluationConfig: join(root, 'evaluation', 'config.json'),
    metrics: join(root, 'metrics.json'),
    metricsCsv: join(root, 'metrics.csv'),
    scansCsv: join(root, 'scans.csv'),
    overlays: join(root, 'overlays'),
    panels: join(root, 'panels'),
    report: join(root, 'report.html'),
  };
}
