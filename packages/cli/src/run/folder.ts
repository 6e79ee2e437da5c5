import { join } from 'node:path';

/** Where a run keeps what it makes. */
export interface RunFolder {
  readonly root: string;
  readonly config: string;
  readonly versions: string;
  /** The state of an arm in training, for resuming. */
  checkpoint(arm: string): string;
  /** The log of an arm in training, one JSON value a step. */
  log(arm: string): string;
  /** The finished weights of an arm. */
  weights(arm: string): string;
  /** One JSON value an evaluated episode. */
  readonly records: string;
  readonly metrics: string;
  readonly metricsCsv: string;
  readonly overlays: string;
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
    weights: (arm) => join(root, 'weights', `${arm}.safetensors`),
    records: join(root, 'evaluation', 'records.jsonl'),
    metrics: join(root, 'metrics.json'),
    metricsCsv: join(root, 'metrics.csv'),
    overlays: join(root, 'overlays'),
    report: join(root, 'report.html'),
  };
}
